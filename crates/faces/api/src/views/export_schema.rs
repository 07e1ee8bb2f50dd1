//! What the API document says of an export: a schema with a name of its own for each type of line, which is what
//! generated clients can tell apart. Not here: how lines are written (see [`super::export`]).

use std::borrow::Cow;

use utoipa::openapi::schema::{AllOfBuilder, Discriminator, OneOfBuilder};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::api_key::KeyItem;
use super::audit_entry::AuditEntry;
use super::bucket::BucketItem;
use super::category::{AliasItem, CategoryItem};
use super::correction::CorrectionItem;
use super::export::{DeviceSaidItem, EndItem, ExportLine, PutAsideItem};
use super::interval::IntervalItem;
use super::observation::ObservationItem;
use super::profile::Profile;
use super::raw_event::{RawEventItem, TrackerSettingItem};
use super::session::SessionItem;

/// A type of line: its name, that of its schema, and what it is.
type LineType = (&'static str, &'static str, &'static str);

const LINES: [LineType; 16] = [
    ("profile", "ExportProfile", "My profile; the first line."),
    ("session", "ExportSession", "A device that is signed in."),
    ("api_key", "ExportApiKey", "A key, without its text."),
    ("device", "ExportDevice", "What I call a device, and as which other one it counts."),
    ("category", "ExportCategory", "A category of mine, with its rules."),
    ("alias", "ExportAlias", "What I call an app."),
    ("bucket", "ExportBucket", "What another program's tracker calls a stream of its events."),
    (
        "raw_event",
        "ExportRawEvent",
        "What another program's tracker sent, as it came: if I keep that, by the order in which it was kept.",
    ),
    ("tracker_setting", "ExportTrackerSetting", "What another program's tracker remembers here."),
    ("audit", "ExportAudit", "Something that happened to my account, the newest first."),
    ("put_aside", "ExportPutAside", "Pings that could not be processed and were put aside."),
    ("correction", "ExportCorrection", "What I said about my timeline, in its last version."),
    (
        "observation",
        "ExportObservation",
        "What trackers saw, day by day (UTC) and cut at midnight, united where it touches.",
    ),
    (
        "interval",
        "ExportInterval",
        "What counted, in the order of time, cut at midnight UTC; a day's after what was seen on it.",
    ),
    (
        "outranked",
        "ExportOutranked",
        "What a device showed but did not count, likewise; a day's after what counted on that day.",
    ),
    ("end", "ExportLast", "The last line. An export without it was cut off."),
];

/// The name of the schema of what a line of a type has.
fn content(line: &str) -> Cow<'static, str> {
    match line {
        "profile" => Profile::name(),
        "session" => SessionItem::name(),
        "api_key" => KeyItem::name(),
        "device" => DeviceSaidItem::name(),
        "category" => CategoryItem::name(),
        "alias" => AliasItem::name(),
        "bucket" => BucketItem::name(),
        "raw_event" => RawEventItem::name(),
        "tracker_setting" => TrackerSettingItem::name(),
        "audit" => AuditEntry::name(),
        "put_aside" => PutAsideItem::name(),
        "correction" => CorrectionItem::name(),
        "observation" => ObservationItem::name(),
        "interval" | "outranked" => IntervalItem::name(),
        _ => EndItem::name(),
    }
}

/// The content of a line and its type.
fn line((name, _, description): LineType) -> RefOr<Schema> {
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([name]));
    let tag = ObjectBuilder::new().property("type", kind).required("type");
    let all = AllOfBuilder::new().item(Ref::from_schema_name(content(name))).item(tag);
    all.description(Some(description)).into()
}

impl PartialSchema for ExportLine<'_> {
    fn schema() -> RefOr<Schema> {
        let mut tells = Discriminator::new("type");
        let mut one_of = OneOfBuilder::new().description(Some("One line of an export."));
        for (name, schema, _) in LINES {
            let reference = Ref::from_schema_name(schema);
            tells.mapping.insert(name.to_owned(), reference.ref_location.clone());
            one_of = one_of.item(reference);
        }
        one_of.discriminator(Some(tells)).into()
    }
}

impl ToSchema for ExportLine<'_> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(LINES.map(|of| (of.1.to_owned(), line(of))));
        schemas.extend([
            (Profile::name().into(), Profile::schema()),
            (SessionItem::name().into(), SessionItem::schema()),
            (KeyItem::name().into(), KeyItem::schema()),
            (DeviceSaidItem::name().into(), DeviceSaidItem::schema()),
            (CategoryItem::name().into(), CategoryItem::schema()),
            (AliasItem::name().into(), AliasItem::schema()),
            (BucketItem::name().into(), BucketItem::schema()),
            (RawEventItem::name().into(), RawEventItem::schema()),
            (TrackerSettingItem::name().into(), TrackerSettingItem::schema()),
            (AuditEntry::name().into(), AuditEntry::schema()),
            (PutAsideItem::name().into(), PutAsideItem::schema()),
            (CorrectionItem::name().into(), CorrectionItem::schema()),
            (ObservationItem::name().into(), ObservationItem::schema()),
            (IntervalItem::name().into(), IntervalItem::schema()),
            (EndItem::name().into(), EndItem::schema()),
        ]);
        KeyItem::schemas(schemas);
        CategoryItem::schemas(schemas);
        PutAsideItem::schemas(schemas);
        ObservationItem::schemas(schemas);
        EndItem::schemas(schemas);
    }
}
