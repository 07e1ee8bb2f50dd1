//! What people say about their devices, in the fake store.

use dayline_app::ports::{DeviceBook, Merging, PortFuture};
use dayline_domain::{DeviceId, DeviceName, Merges, UserId};

use super::FakeStore;

impl DeviceBook for FakeStore {
    fn device_names(&self, user: UserId) -> PortFuture<'_, Vec<(DeviceId, DeviceName)>> {
        self.transaction(|tables| {
            let theirs = tables.device_names.iter().filter(|((of, _), _)| *of == user);
            Ok(theirs.map(|((_, device), name)| (device.clone(), name.clone())).collect())
        })
    }

    fn name_device(&self, user: UserId, device: DeviceId, name: DeviceName) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let exists = tables.users.contains_key(&user);
            if exists {
                tables.device_names.insert((user, device), name);
            }
            Ok(exists)
        })
    }

    fn merges(&self, user: UserId) -> PortFuture<'_, Merges> {
        self.transaction(|tables| Ok(tables.merges(user)))
    }

    fn merge_device(&self, user: UserId, device: DeviceId, into: DeviceId) -> PortFuture<'_, Merging> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&user) {
                return Ok(Merging::NoSuchUser);
            }
            let before = tables.merges(user);
            match before.judge(&device, &into) {
                Ok(None) => Ok(Merging::Done),
                Ok(Some(merge)) => {
                    tables.merges.insert(user, Merges::of(before.made().iter().cloned().chain([merge])));
                    Ok(Merging::Done)
                }
                Err(why) => Ok(Merging::Refused(why)),
            }
        })
    }
}
