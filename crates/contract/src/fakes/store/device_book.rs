//! What people say about their devices, in the fake store.

use dayline_app::ports::{DeviceBook, PortFuture};
use dayline_domain::{DeviceId, DeviceName, UserId};

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
}
