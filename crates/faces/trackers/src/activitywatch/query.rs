//! Queries of ActivityWatch's clients over the events that somebody keeps: a small language of assignments and calls.
//! Nothing in it repeats without an end, so that what bounds it is how much it may read, hold and do.

mod arguments;
mod classify;
mod functions;
mod means;
mod operations;
mod overlaps;
mod patterns;
mod rules;
mod stopped;
mod syntax;
mod titles;
mod transforms;
mod urls;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_app::identity::caller::Caller;
use dayline_domain::raw_event::EventRange;
use tokio::time::Instant;

use super::state::ActivityWatch;
use functions::Source;
use means::Means;
use patterns::Patterns;
use stopped::{Budget, MOST_ROOM, MOST_WORK, patience_ends, too_much};
pub(super) use stopped::{Stopped, Wrong};
use syntax::Expression;
use value::Value;

/// What holds the result.
const RESULT: &str = "RETURN";

/// A query that was read.
pub(super) struct Query {
    assignments: Vec<(String, Expression)>,
    until: Instant,
    patterns: Patterns,
}

impl Query {
    /// Reads a query. It may take its time from now on.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        let assignments = syntax::read(text)?;
        Ok(Self { assignments, until: patience_ends(), patterns: Patterns::default() })
    }

    /// The result for a period.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn run(
        &mut self,
        aw: &Arc<ActivityWatch>,
        caller: &Caller,
        period: EventRange,
    ) -> Result<Value, Stopped> {
        let source = Source::of(aw, caller, period);
        let means =
            Means { budget: Budget::of(MOST_WORK, self.until), patterns: std::mem::take(&mut self.patterns) };
        let mut run = Run { source, names: BTreeMap::new(), means };
        for (name, expression) in &self.assignments {
            let value = run.work_out(expression).await?;
            run.names.insert(name.clone(), value);
        }
        self.patterns = run.means.patterns;
        let result = run.names.remove(RESULT);
        result.ok_or_else(|| Wrong(format!("the query must give something to {RESULT}")).into())
    }
}

/// A query being worked out for one period.
struct Run<'a> {
    source: Source<'a>,
    names: BTreeMap<String, Value>,
    means: Means,
}

impl Run<'_> {
    async fn work_out(&mut self, expression: &Expression) -> Result<Value, Stopped> {
        // Others have their turn.
        tokio::task::yield_now().await;
        let value = self.made(expression).await?;
        self.means.budget.spend(value.size())?;
        Ok(value)
    }

    async fn made(&mut self, expression: &Expression) -> Result<Value, Stopped> {
        Ok(match expression {
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Number(number) => Value::Number(*number),
            Expression::Flag(flag) => Value::Flag(*flag),
            Expression::List(items) => Value::List(self.each(items).await?),
            Expression::Object(members) => {
                let mut worked_out = BTreeMap::new();
                for (name, member) in members {
                    worked_out.insert(name.clone(), Box::pin(self.work_out(member)).await?);
                    self.check_room(worked_out.values())?;
                }
                Value::Object(worked_out)
            }
            Expression::Name(name) => {
                let known = self.names.get(name).cloned();
                known.ok_or_else(|| Wrong(format!("nothing was given to {name} before")))?
            }
            Expression::Call(function, arguments) => {
                let arguments = self.each(arguments).await?;
                functions::call(&mut self.source, &mut self.means, function, arguments).await?
            }
        })
    }

    async fn each(&mut self, expressions: &[Expression]) -> Result<Vec<Value>, Stopped> {
        let mut values = Vec::new();
        for expression in expressions {
            values.push(Box::pin(self.work_out(expression)).await?);
            self.check_room(values.iter())?;
        }
        Ok(values)
    }

    /// Refuses more than there is room for, beside what all names have.
    fn check_room<'v>(&self, more: impl Iterator<Item = &'v Value>) -> Result<(), Wrong> {
        let of_names: usize = self.names.values().map(Value::size).sum();
        let all = of_names + more.map(Value::size).sum::<usize>();
        if all <= MOST_ROOM { Ok(()) } else { Err(too_much()) }
    }
}
