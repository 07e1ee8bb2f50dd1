//! What is told of what is seen: the person's own rules about apps, domains and titles. What is not told leaves here nobody's
//! hands, so titles and addresses go no further than into this file.

use serde::Deserialize;
use url::Url;

/// Most characters of an app's or a project's name.
const MAX_CHARACTERS: usize = 255;

/// Windows whose titles contain a text belong to a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectRule {
    /// What the title must contain; upper and lower case are the same.
    title: String,
    /// Windows of this app alone.
    app: Option<String>,
    /// The project.
    project: String,
}

/// The person's rules. The default tells every app and domain, and no project.
#[derive(Debug, Default)]
pub struct Rules {
    excluded_apps: Vec<String>,
    hidden_domains: Vec<String>,
    projects: Vec<ProjectRule>,
}

impl Rules {
    /// The rules as a person writes them.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn new(
        exclude_apps: &[String],
        hide_domains: &[String],
        projects: Vec<ProjectRule>,
    ) -> Result<Self, String> {
        let projects: Result<_, String> = projects.into_iter().map(folded_rule).collect();
        Ok(Self {
            excluded_apps: exclude_apps.iter().map(|app| fold(app)).collect(),
            hidden_domains: hide_domains
                .iter()
                .map(|domain| fold(domain.trim_start_matches("www.")))
                .collect(),
            projects: projects?,
        })
    }

    /// Whether any title is looked at.
    pub fn need_titles(&self) -> bool {
        !self.projects.is_empty()
    }

    /// The app as it is told; `None` if it is not, or has no name.
    pub fn app(&self, name: &str) -> Option<String> {
        let name = clean(name)?;
        (!self.excluded_apps.contains(&fold(&name))).then_some(name)
    }

    /// The domain of a page's address as it is told; `None` if it is not, or has none.
    pub fn domain(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = url.host_str()?.trim_end_matches('.');
        let host = host.strip_prefix("www.").unwrap_or(host);
        let hidden = self.hidden_domains.iter().any(|hidden| is_within(host, hidden));
        (!hidden && !host.is_empty()).then(|| host.to_owned())
    }

    /// The project that a window of this app with this title belongs to.
    pub fn project(&self, app: &str, title: &str) -> Option<String> {
        let (app, title) = (fold(app), fold(title));
        let fits = |rule: &&ProjectRule| {
            title.contains(&rule.title) && rule.app.as_ref().is_none_or(|wanted| *wanted == app)
        };
        self.projects.iter().find(fits).map(|rule| rule.project.clone())
    }
}

fn folded_rule(rule: ProjectRule) -> Result<ProjectRule, String> {
    let title = fold(&rule.title);
    if title.is_empty() {
        return Err("project: the title of a rule must not be empty".to_owned());
    }
    let project = clean(&rule.project)
        .ok_or_else(|| format!("project: the project of a rule must be 1 to {MAX_CHARACTERS} characters"))?;
    Ok(ProjectRule { title, app: rule.app.map(|app| fold(&app)), project })
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A name as the server takes it: without control characters, not too long; `None` if nothing is left.
fn clean(name: &str) -> Option<String> {
    let visible: String = name.chars().filter(|character| !character.is_control()).collect();
    let cut: String = visible.trim().chars().take(MAX_CHARACTERS).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(title: &str, app: Option<&str>, project: &str) -> ProjectRule {
        ProjectRule { title: title.to_owned(), app: app.map(str::to_owned), project: project.to_owned() }
    }

    fn rules() -> Rules {
        let projects = vec![rule("Dayline —", Some("Code"), "Dayline"), rule("invoice", None, "Office")];
        let exclude = ["KeePassXC".to_owned()];
        Rules::new(&exclude, &["bank.example".to_owned(), "www.health.example".to_owned()], projects).unwrap()
    }

    #[test]
    fn an_excluded_app_is_not_told_however_it_is_written() {
        assert_eq!(rules().app("keepassxc"), None);
        assert_eq!(rules().app(" KeePassXC "), None);
        assert_eq!(rules().app("Code").as_deref(), Some("Code"));
    }

    #[test]
    fn names_are_told_as_the_server_takes_them() {
        assert_eq!(rules().app(" a\u{7}b\n ").as_deref(), Some("ab"));
        assert_eq!(rules().app(" \n"), None);
        assert_eq!(rules().app(&"ä".repeat(300)).unwrap().chars().count(), 255);
    }

    #[test]
    fn of_an_address_nothing_but_the_host_is_told() {
        for (url, domain) in [
            ("https://user:secret@www.example.org:8443/path?query#fragment", Some("example.org")),
            ("http://Bücher.example/", Some("xn--bcher-kva.example")),
            ("https://example.org./", Some("example.org")),
            ("file:///home/ada/secret.txt", None),
            ("about:blank", None),
            ("moz-extension://0b5b7e0e/page.html", None),
            ("no address", None),
            ("", None),
        ] {
            assert_eq!(rules().domain(url).as_deref(), domain, "{url}");
        }
    }

    #[test]
    fn a_hidden_domain_is_hidden_with_all_below_it_and_no_other() {
        assert_eq!(rules().domain("https://bank.example/"), None);
        assert_eq!(rules().domain("https://my.bank.example/"), None);
        assert_eq!(rules().domain("https://www.health.example/"), None);
        assert_eq!(rules().domain("https://riverbank.example/").as_deref(), Some("riverbank.example"));
    }

    #[test]
    fn the_first_rule_that_fits_a_title_gives_the_project() {
        let rules = rules();
        assert_eq!(rules.project("Code", "main.rs - dayline — Visual Studio").as_deref(), Some("Dayline"));
        assert_eq!(rules.project("Firefox", "main.rs - dayline — wiki"), None);
        assert_eq!(rules.project("Writer", "Invoice 7").as_deref(), Some("Office"));
        assert_eq!(rules.project("Writer", "letter"), None);
    }
}
