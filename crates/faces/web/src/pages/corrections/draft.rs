//! What the form of a correction says, and the form of one that is there.

use dayline_app::tracking::corrections::{Change, Draft, EntryDraft};
use dayline_app::{AppError, FieldError};
use dayline_domain::{
    AppName, CorrectionId, DeviceId, Domain, Interval, NameError, Project, Source, UtcMs, Zone,
};

use crate::forms::Form;
use crate::forms::local_time::{TimeField, TimeNames, read, typed};

const FROM: TimeNames = TimeNames { label: "From", time: "from", which: "from_which" };
const TO: TimeNames = TimeNames { label: "To", time: "to", which: "to_which" };

/// All fields of the form, which the preview carries on.
pub(super) const FIELDS: [&str; 9] =
    ["from", "from_which", "to", "to_which", "says", "app_name", "domain", "project", "device"];

/// What the field `says` has where all is to be forgotten.
const ERASE: &str = "erase";

/// The form of a stretch of time, with what was done in it if that is known.
pub(super) fn form_of(zone: &dyn Zone, stretch: Interval, source: Option<&Source>) -> Form {
    let (from, from_which) = typed(zone, stretch.start());
    let (to, to_which) = typed(zone, stretch.end());
    let mut fields = vec![
        (FROM.time, &*from),
        (FROM.which, &*from_which),
        (TO.time, &*to),
        (TO.which, &*to_which),
        ("says", "entry"),
    ];
    if let Some(source) = source {
        fields.push(("app_name", source.activity.app.as_str()));
        fields.push(("domain", source.activity.domain.as_ref().map_or("", Domain::as_str)));
        fields.push(("project", source.activity.project.as_ref().map_or("", Project::as_str)));
        fields.push(("device", source.device.as_str()));
    }
    Form::with(&fields)
}

/// Both times as fields.
pub(super) fn times(zone: &dyn Zone, form: &Form) -> [TimeField; 2] {
    [FROM, TO]
        .map(|names| names.field(zone, form.text(names.time), form.text(names.which), form.wrong(names.time)))
}

/// Whether all of the stretch is to be forgotten.
pub(super) fn erases(form: &Form) -> bool {
    form.text("says") == ERASE
}

/// The change that the form asks for, of an entry or a new one; nothing if something is wrong with the form,
/// which then knows it.
pub(super) fn change(zone: &dyn Zone, form: &mut Form, id: Option<CorrectionId>) -> Option<Change> {
    let draft = draft(zone, form)?;
    Some(match id {
        Some(id) => Change::Replace(id, draft),
        None => Change::New(draft),
    })
}

fn draft(zone: &dyn Zone, form: &mut Form) -> Option<Draft> {
    let (start, end) = (time(zone, form, &FROM), time(zone, form, &TO));
    let entry = if erases(form) { Some(None) } else { entry(form).map(Some) };
    let (start, end) = (start?, end?);
    if start >= end {
        form.refuse(vec![FieldError::new(TO.time, "must be after the beginning")]);
        return None;
    }
    Some(Draft { start, end, entry: entry? })
}

fn time(zone: &dyn Zone, form: &mut Form, names: &TimeNames) -> Option<UtcMs> {
    let which = form.text(names.which).to_owned();
    form.read_field(names.time, |text| read(zone, text, &which))
}

fn entry(form: &mut Form) -> Option<EntryDraft> {
    let app = form.read_field("app_name", AppName::new);
    let domain = form.text("domain").trim().to_owned();
    let project = form.read_field("project", |text| {
        let is_given = !text.trim().is_empty();
        Ok::<_, NameError>(if is_given { Some(Project::new(text)?) } else { None })
    });
    let device = form.read_field("device", |text| {
        let is_given = !text.is_empty();
        Ok::<_, NameError>(if is_given { Some(DeviceId::new(text)?) } else { None })
    });
    let domain = (!domain.is_empty()).then_some(domain);
    Some(EntryDraft { app: app?, domain, project: project?, device: device? })
}

/// What the application finds wrong, at the fields of the form and in its words.
///
/// # Errors
/// Whatever is wrong with no field.
pub(super) fn refuse(form: &mut Form, error: AppError) -> Result<(), AppError> {
    let AppError::Invalid(errors) = error else { return Err(error) };
    let own = |error: FieldError| {
        let field = match &*error.field {
            "start_time" => FROM.time,
            "end_time" => TO.time,
            "domain" => "domain",
            "project" => "project",
            _ => "app_name",
        };
        FieldError::new(field, error.detail.replace("start_time", "the beginning"))
    };
    form.refuse(errors.into_iter().map(own).collect());
    Ok(())
}
