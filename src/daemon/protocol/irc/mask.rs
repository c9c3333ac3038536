//! Whom a mask of `WHO` means.

use crate::hub::glob::glob;
use crate::hub::output::UserCard;

/// Whether a mask of `WHO` is a nick's, or with a `!` or `@` in it that of a whole `nick!user@host`.
pub(super) fn fits(mask: &str, card: &UserCard) -> bool {
    if mask == "*" || mask == "0" {
        return true;
    }
    let mask = mask.to_lowercase();
    if mask.contains(['!', '@']) {
        let persona = &card.persona;
        let whole = format!("{}!{}@{}", card.nick.key(), persona.username, persona.host);
        return glob(&mask, &whole.to_lowercase());
    }
    glob(&mask, card.nick.key())
}
