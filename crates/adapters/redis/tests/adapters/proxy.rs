//! A way to a Redis server that can be cut for one node while the others keep theirs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dayline_redis::RedisConfig;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::test_redis::TestRedis;

#[derive(Clone, Copy, Default)]
struct Way {
    /// Connections end, new ones too.
    cut: bool,
    /// How often all connections there were have been forgotten.
    forgotten: u64,
}

pub(crate) struct Proxy {
    folder: TempDir,
    way: watch::Sender<Way>,
    turned_away: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) fn to(redis: &TestRedis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("proxy.sock")).unwrap();
        let (way, seen) = watch::channel(Way::default());
        let mut tasks = JoinSet::new();
        let turned_away = Arc::new(AtomicUsize::new(0));
        tasks.spawn(accept(listener, redis.socket(), seen, Arc::clone(&turned_away)));
        Self { folder, way, turned_away, _tasks: tasks }
    }

    /// The server, by this way.
    pub(crate) fn server(&self) -> RedisConfig {
        let socket = self.folder.path().join("proxy.sock");
        RedisConfig::new(&format!("unix://{}?user=dayline&pass=any", socket.display())).unwrap()
    }

    /// Ends all connections, and new ones at once.
    pub(crate) fn cut(&self) {
        self.way.send_modify(|way| way.cut = true);
    }

    pub(crate) fn mend(&self) {
        self.way.send_modify(|way| way.cut = false);
    }

    /// How many connections were attempted in vain.
    pub(crate) fn turned_away(&self) -> usize {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Lets nothing pass over the connections there are, as if the network had forgotten them.
    pub(crate) fn forget_connections(&self) {
        self.way.send_modify(|way| way.forgotten += 1);
    }
}

async fn accept(
    listener: UnixListener,
    target: PathBuf,
    way: watch::Receiver<Way>,
    turned_away: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if way.borrow().cut {
            turned_away.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        connections.spawn(pass(client, target.clone(), way.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn pass(mut client: UnixStream, target: PathBuf, mut way: watch::Receiver<Way>) {
    let Ok(mut server) = UnixStream::connect(target).await else { return };
    let born = way.borrow().forgotten;
    loop {
        let Way { cut, forgotten } = *way.borrow_and_update();
        if cut {
            return;
        }
        if forgotten > born {
            way.changed().await.unwrap();
            continue;
        }
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            changed = way.changed() => changed.unwrap(),
        }
    }
}
