//! What librdkafka can do and its Rust wrapper can't: fetch partitions outside any consumer group,
//! and tell a topic's id. Each call is one of librdkafka's documented ones; what they allocate is
//! freed by the types here.
//! Not here: when to fetch what, and what it means.
#![allow(unsafe_code, reason = "calls a C library that the wrapper covers only in part")]

use std::ffi::{CString, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as c;
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use tokio::sync::watch;

use crate::events::Events;

/// Messages taken off a queue in one call.
const AT_ONCE: usize = 64;

/// What distinguishes a topic from another one that has or had its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicId(pub(crate) u128);

/// Asks a broker for a topic's id. Blocks, at most for about `timeout`.
pub(crate) fn topic_id(
    client: &Client<Events>,
    topic: &str,
    timeout: Duration,
) -> Result<TopicId, RDKafkaErrorCode> {
    let name = CString::new(topic).map_err(|_| RDKafkaErrorCode::InvalidArgument)?;
    let timeout = timeout.as_millis() as i32;
    // SAFETY: the client lives as long as the call. Each pointer that is made here is checked, used
    // while what it points to is alive, and freed once, after its last use. The description belongs
    // to the event.
    unsafe {
        let queue = Owned::new(c::rd_kafka_queue_new(client.native_ptr()), c::rd_kafka_queue_destroy)?;
        let options = Owned::new(
            c::rd_kafka_AdminOptions_new(
                client.native_ptr(),
                c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            ),
            c::rd_kafka_AdminOptions_destroy,
        )?;
        c::rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout, ptr::null_mut(), 0);
        let names = Owned::new(
            c::rd_kafka_TopicCollection_of_topic_names(&mut name.as_ptr(), 1),
            c::rd_kafka_TopicCollection_destroy,
        )?;
        c::rd_kafka_DescribeTopics(client.native_ptr(), names.get(), options.get(), queue.get());
        let event = c::rd_kafka_queue_poll(queue.get(), timeout);
        let event =
            Owned::new(event, c::rd_kafka_event_destroy).map_err(|_| RDKafkaErrorCode::OperationTimedOut)?;
        checked(c::rd_kafka_event_error(event.get()))?;
        let result = c::rd_kafka_event_DescribeTopics_result(event.get());
        if result.is_null() {
            return Err(RDKafkaErrorCode::BadMessage);
        }
        let mut count = 0;
        let topics = c::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        if topics.is_null() || count == 0 {
            return Err(RDKafkaErrorCode::BadMessage);
        }
        let topic = *topics;
        let error = c::rd_kafka_TopicDescription_error(topic);
        if !error.is_null() {
            checked(c::rd_kafka_error_code(error))?;
        }
        let id = c::rd_kafka_TopicDescription_topic_id(topic);
        if id.is_null() {
            return Err(RDKafkaErrorCode::BadMessage);
        }
        let high = c::rd_kafka_Uuid_most_significant_bits(id) as u64;
        let low = c::rd_kafka_Uuid_least_significant_bits(id) as u64;
        Ok(TopicId(u128::from(high) << 64 | u128::from(low)))
    }
}

/// Asks leaders where partitions start or end: each one's offset says which (`Beginning` or `End`),
/// and is the answer afterwards. Blocks, at most for `timeout`.
pub(crate) fn find_offsets(
    client: &Client<Events>,
    partitions: &TopicPartitionList,
    timeout: Duration,
) -> Result<(), RDKafkaErrorCode> {
    // SAFETY: client and list live as long as the call.
    checked(unsafe {
        c::rd_kafka_offsets_for_times(client.native_ptr(), partitions.ptr(), timeout.as_millis() as i32)
    })
}

/// A topic whose partitions are fetched.
pub(crate) struct FetchedTopic {
    /// Freed after the handle.
    consumer: Arc<BaseConsumer<Events>>,
    handle: NonNull<c::rd_kafka_topic_t>,
}

// SAFETY: librdkafka's handles may be used from any thread, several at once.
unsafe impl Send for FetchedTopic {}
// SAFETY: the same.
unsafe impl Sync for FetchedTopic {}

impl FetchedTopic {
    pub(crate) fn new(
        consumer: Arc<BaseConsumer<Events>>,
        topic: &str,
    ) -> Result<Arc<Self>, RDKafkaErrorCode> {
        let name = CString::new(topic).map_err(|_| RDKafkaErrorCode::InvalidArgument)?;
        // SAFETY: the client is alive, and the name until the call returns, which copies it.
        let handle =
            unsafe { c::rd_kafka_topic_new(consumer.client().native_ptr(), name.as_ptr(), ptr::null_mut()) };
        match NonNull::new(handle) {
            Some(handle) => Ok(Arc::new(Self { consumer, handle })),
            None => Err(last_error()),
        }
    }

    /// Serves what the client has to tell (logs, errors, statistics), which piles up otherwise.
    pub(crate) fn serve_events(&self) {
        while self.consumer.poll(Duration::ZERO).is_some() {}
    }
}

impl Drop for FetchedTopic {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_topic_new`, freed once; its fetches hold this and are gone.
        unsafe { c::rd_kafka_topic_destroy(self.handle.as_ptr()) }
    }
}

/// What a fetch found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// A record and its offset.
    Record {
        /// The offset.
        offset: i64,
        /// Its value.
        bytes: Vec<u8>,
    },
    /// There is nothing from this offset on, for now.
    End(i64),
    /// It can't go on, or not yet.
    Trouble(RDKafkaErrorCode),
}

/// A partition that is being fetched from some offset on, until this is dropped.
pub(crate) struct Fetch {
    /// Freed before the client, which the topic keeps.
    queue: Owned<c::rd_kafka_queue_t>,
    topic: Arc<FetchedTopic>,
    partition: i32,
    /// What the queue's callback tells.
    _filled: Arc<watch::Sender<()>>,
}

// SAFETY: as for the topic.
unsafe impl Send for Fetch {}
// SAFETY: the same.
unsafe impl Sync for Fetch {}

impl Fetch {
    /// Starts fetching; `filled` is told when there is something to take. No other fetch of this
    /// partition may be alive.
    pub(crate) fn start(
        topic: Arc<FetchedTopic>,
        partition: i32,
        offset: i64,
        filled: Arc<watch::Sender<()>>,
    ) -> Result<Self, RDKafkaErrorCode> {
        let client = topic.consumer.client().native_ptr();
        // SAFETY: client and topic are alive as long as `topic` is held. The callback's argument is
        // kept by the returned value, and the callback is taken away, under the queue's lock,
        // before that is dropped.
        unsafe {
            let queue = Owned::new(c::rd_kafka_queue_new(client), c::rd_kafka_queue_destroy)?;
            if c::rd_kafka_consume_start_queue(topic.handle.as_ptr(), partition, offset, queue.get()) != 0 {
                return Err(last_error());
            }
            let teller = Arc::as_ptr(&filled).cast_mut().cast::<c_void>();
            c::rd_kafka_queue_cb_event_enable(queue.get(), Some(tell), teller);
            Ok(Self { queue, topic, partition, _filled: filled })
        }
    }

    /// Takes what has arrived, some at a time, without waiting. Nothing at all means that there is
    /// no more.
    pub(crate) fn take(&self) -> Vec<Fetched> {
        let mut messages = [ptr::null_mut::<c::rd_kafka_message_t>(); AT_ONCE];
        // SAFETY: the queue is alive, and the array as long as told. The first `count` pointers are
        // messages then, read and freed once.
        unsafe {
            let count = c::rd_kafka_consume_batch_queue(self.queue.get(), 0, messages.as_mut_ptr(), AT_ONCE);
            let taken = messages.iter().take(count.max(0) as usize);
            taken
                .map(|&message| {
                    let fetched = read(&*message);
                    c::rd_kafka_message_destroy(message);
                    fetched
                })
                .collect()
        }
    }

    pub(crate) fn partition(&self) -> i32 {
        self.partition
    }

    /// The partition's end, as the last answer to a fetch told it; 0 before the first one.
    pub(crate) fn known_end(&self, topic: &str) -> i64 {
        let Ok(name) = CString::new(topic) else { return 0 };
        let (mut low, mut high) = (0, 0);
        // SAFETY: the client is alive, and what the other pointers point to until the call returns.
        unsafe {
            c::rd_kafka_get_watermark_offsets(
                self.topic.consumer.client().native_ptr(),
                name.as_ptr(),
                self.partition,
                &raw mut low,
                &raw mut high,
            );
        }
        high.max(0)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        // SAFETY: started by this value, stopped once; the callback is taken away before its
        // argument goes.
        unsafe {
            c::rd_kafka_queue_cb_event_enable(self.queue.get(), None, ptr::null_mut());
            c::rd_kafka_consume_stop(self.topic.handle.as_ptr(), self.partition);
        }
    }
}

/// Called by librdkafka's threads when a queue is not empty any more.
unsafe extern "C" fn tell(_: *mut c::rd_kafka_t, filled: *mut c_void) {
    // SAFETY: it is what [`Fetch::start`] gave, alive as long as the callback can be called.
    let filled = unsafe { &*filled.cast::<watch::Sender<()>>() };
    filled.send_replace(());
}

/// # Safety
/// The message's payload must be as the message says.
unsafe fn read(message: &c::rd_kafka_message_t) -> Fetched {
    match checked(message.err) {
        Ok(()) if message.payload.is_null() => Fetched::Record { offset: message.offset, bytes: Vec::new() },
        Ok(()) => {
            // SAFETY: a message that librdkafka gave has `len` bytes there.
            let bytes = unsafe { std::slice::from_raw_parts(message.payload.cast::<u8>(), message.len) };
            Fetched::Record { offset: message.offset, bytes: bytes.to_vec() }
        }
        Err(RDKafkaErrorCode::PartitionEOF) => Fetched::End(message.offset),
        Err(trouble) => Fetched::Trouble(trouble),
    }
}

fn checked(error: RDKafkaRespErr) -> Result<(), RDKafkaErrorCode> {
    match RDKafkaErrorCode::from(error) {
        RDKafkaErrorCode::NoError => Ok(()),
        error => Err(error),
    }
}

fn last_error() -> RDKafkaErrorCode {
    // SAFETY: reads a variable of this thread.
    unsafe { c::rd_kafka_last_error() }.into()
}

/// A pointer that librdkafka gave, and how it is freed.
struct Owned<T> {
    pointer: NonNull<T>,
    free: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// # Safety
    /// `free` must free what the pointer points to, and nobody else may.
    unsafe fn new(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> Result<Self, RDKafkaErrorCode> {
        let pointer = NonNull::new(pointer).ok_or(RDKafkaErrorCode::CriticalSystemResource)?;
        Ok(Self { pointer, free })
    }

    fn get(&self) -> *mut T {
        self.pointer.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: by what `new` asks for.
        unsafe { (self.free)(self.pointer.as_ptr()) }
    }
}
