//! What is set about rooms, who has roles there, and the rules, as rows. A row that is none stops the start:
//! to leave it out would open a room that somebody closed.

use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use crate::hub::moderation::room::{CharterRecord, RoleRecord, RoomChange, RoomSettings};
use crate::hub::moderation::rule::{Effect, Rule, RuleId};
use crate::hub::moderation::subject::Subject;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::RoomRole;

use super::book::{Book, millis, nick, not_a_name, owner, time, time_if_any};
use super::records::Batch;

impl Book {
    /// Writes down what is so from now on, all or nothing.
    pub(super) fn keep(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (room, charter) in &batch.rooms {
            transaction
                .prepare_cached("DELETE FROM room WHERE name_key = ?1")?
                .execute([room.key()])?;
            if let Some(charter) = charter {
                add_charter(&transaction, charter)?;
            }
        }
        for (id, rule) in &batch.rules {
            transaction
                .prepare_cached("DELETE FROM rule WHERE id = ?1")?
                .execute([id.0.cast_signed()])?;
            if let Some(rule) = rule {
                add_rule(&transaction, rule)?;
            }
        }
        transaction.commit()
    }

    /// Everything that is set about rooms, by name.
    pub(super) fn charters(&self) -> rusqlite::Result<Vec<CharterRecord>> {
        let rooms = self.all("SELECT name_key, name FROM room", room)?;
        let settings = self.all("SELECT room, name, value FROM room_setting", change)?;
        let roles = self.all(
            "SELECT room, owner, nick, role FROM room_role ORDER BY room, owner",
            role,
        )?;
        let rooms = rooms.into_iter().map(|(key, room)| {
            let charter = CharterRecord {
                room,
                settings: RoomSettings::default(),
                roles: Vec::new(),
            };
            (key, charter)
        });
        let mut charters: BTreeMap<String, CharterRecord> = rooms.collect();
        for (key, change) in settings {
            charter_of(&mut charters, &key)?.settings.apply(change);
        }
        for (key, role) in roles {
            charter_of(&mut charters, &key)?.roles.push(role);
        }
        Ok(charters.into_values().collect())
    }

    /// All rows of a table about rooms, whose first column is the room's key.
    fn all<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<(String, T)>> {
        let mut all = self.connection.prepare(sql)?;
        let rows = all.query_map([], |row| Ok((row.get(0)?, read(row)?)))?;
        rows.collect()
    }

    /// All rules, by id, also those whose time is over.
    pub(super) fn rules(&self) -> rusqlite::Result<Vec<Rule>> {
        let mut all = self.connection.prepare(
            "SELECT id, room, effect, subject, made_by, reason, made_at, ends_at FROM rule ORDER BY id",
        )?;
        all.query_map([], rule)?.collect()
    }
}

fn add_charter(transaction: &Transaction<'_>, charter: &CharterRecord) -> rusqlite::Result<()> {
    let key = charter.room.key();
    transaction
        .prepare_cached("INSERT INTO room (name_key, name) VALUES (?1, ?2)")?
        .execute([key, charter.room.as_str()])?;
    let mut setting = transaction
        .prepare_cached("INSERT INTO room_setting (room, name, value) VALUES (?1, ?2, ?3)")?;
    for (name, value) in charter.settings.entries() {
        setting.execute([key, name, &value])?;
    }
    let mut role = transaction.prepare_cached(
        "INSERT INTO room_role (room, owner, nick, role) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for held in &charter.roles {
        role.execute(params![
            key,
            held.owner.0.cast_signed(),
            held.nick.as_str(),
            held.role.name()
        ])?;
    }
    Ok(())
}

fn add_rule(transaction: &Transaction<'_>, rule: &Rule) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO rule (id, room, effect, subject, made_by, reason, made_at, ends_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            rule.id.0.cast_signed(),
            rule.room.as_ref().map(RoomName::as_str),
            rule.effect.name(),
            rule.subject.to_string(),
            rule.by.as_ref().map(Nick::as_str),
            rule.reason.as_deref(),
            millis(rule.at),
            rule.until.map(millis)
        ])?;
    Ok(())
}

fn charter_of<'a>(
    charters: &'a mut BTreeMap<String, CharterRecord>,
    key: &str,
) -> rusqlite::Result<&'a mut CharterRecord> {
    let charter = charters.get_mut(key);
    charter.ok_or_else(|| is_none(0, "a setting or role of a room that is missing"))
}

fn room_name(row: &Row<'_>, column: usize) -> rusqlite::Result<RoomName> {
    let text: String = row.get(column)?;
    RoomName::parse(&text).map_err(|_| not_a_name(column))
}

/// Under another's key its settings would be that one's.
fn room(row: &Row<'_>) -> rusqlite::Result<RoomName> {
    let (key, room): (String, RoomName) = (row.get(0)?, room_name(row, 1)?);
    if key != room.key() {
        return Err(is_none(0, "a room under a name that is not its own"));
    }
    Ok(room)
}

fn change(row: &Row<'_>) -> rusqlite::Result<RoomChange> {
    let (name, value): (String, String) = (row.get(1)?, row.get(2)?);
    RoomChange::parse_kept(&name, &value)
        .map_err(|_| is_none(2, "a setting of a room that is none"))
}

fn role(row: &Row<'_>) -> rusqlite::Result<RoleRecord> {
    let role: String = row.get(3)?;
    let role = RoomRole::parse(&role);
    Ok(RoleRecord {
        owner: owner(row, 1)?,
        nick: nick(row, 2)?,
        role: role.ok_or_else(|| is_none(3, "a role that is none"))?,
    })
}

fn rule(row: &Row<'_>) -> rusqlite::Result<Rule> {
    let is_here = |column| {
        row.get_ref(column)
            .map(|it| it != rusqlite::types::ValueRef::Null)
    };
    // There are higher ones to come.
    let id: i64 = row.get(0)?;
    if !(1..i64::MAX / 2).contains(&id) {
        return Err(is_none(0, "an id of a rule that is none"));
    }
    let (effect, subject): (String, String) = (row.get(2)?, row.get(3)?);
    let effect = Effect::parse(&effect);
    let subject = Subject::parse(&subject);
    Ok(Rule {
        id: RuleId(id.cast_unsigned()),
        room: is_here(1)?.then(|| room_name(row, 1)).transpose()?,
        effect: effect.ok_or_else(|| is_none(2, "an effect of a rule that is none"))?,
        subject: subject.map_err(|_| is_none(3, "a subject of a rule that is none"))?,
        by: is_here(4)?.then(|| nick(row, 4)).transpose()?,
        reason: row.get::<_, Option<String>>(5)?.map(Into::into),
        at: time(row, 6)?,
        until: time_if_any(row, 7)?,
    })
}

fn is_none(column: usize, why: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
