//! What a device is called.

use std::collections::BTreeMap;

use dayline_domain::DeviceId;

/// The name that a device has, or else the one by which it calls itself.
pub(crate) fn device_name(names: &BTreeMap<DeviceId, Box<str>>, device: &DeviceId) -> String {
    names.get(device).map_or(device.as_str(), |name| &**name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_a_name_is_called_as_it_calls_itself() {
        let (phone, laptop) = (DeviceId::new("phone").unwrap(), DeviceId::new("laptop").unwrap());
        let names = BTreeMap::from([(phone.clone(), "My phone".into())]);
        assert_eq!([device_name(&names, &phone), device_name(&names, &laptop)], ["My phone", "laptop"]);
    }
}
