//! Contact columns: what they hold, which key makes or made their tokens, and that nothing else
//! reads them.

use super::Checker;
use super::feeds::Shelf;
use crate::feed::{Column, Contact};
use crate::frame::fields::{Field, FieldKind};
use crate::pipeline::declaration::{
    AlgorithmDeclaration, ColumnDescription, TokenChoice, TokenDeclaration, TokenDescription,
};
use crate::pipeline::text::Spot;
use crate::value::token::{Algorithm, KeyName};

/// The algorithm of that word.
pub(super) fn algorithm(declared: AlgorithmDeclaration) -> Algorithm {
    match declared {
        AlgorithmDeclaration::HmacSha256 => Algorithm::HmacSha256,
        AlgorithmDeclaration::HmacSm3 => Algorithm::HmacSm3,
    }
}

impl Checker<'_> {
    /// Raw contact data becomes a token and nothing else: as an id it would be published.
    pub(super) fn contacts_stand_alone(&mut self, spot: Spot<'_>, columns: &[Column]) {
        for contact in columns {
            let Some(Contact::Mobile(_) | Contact::Email(_) | Contact::Name(_)) = contact.contact
            else {
                continue;
            };
            let others = columns.iter().filter(|other| {
                other.field.name != contact.field.name && other.shares_a_source(contact)
            });
            for other in others {
                self.problem(
                    spot.key(other.field.name).key_mark(),
                    format!(
                        "`{}` reads the column that `{}` turns into a token, and would publish it",
                        other.field.name, contact.field.name
                    ),
                    "Name the column of the file that holds it; contact data may be a token only.",
                );
            }
        }
    }

    pub(super) fn contact(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
        shelf: &Shelf<'_>,
    ) -> Option<Contact> {
        let is_token = field.kind == FieldKind::Token;
        match &described.token {
            None if is_token => {
                self.problem(
                    spot.key_mark(),
                    format!("the column `{}` does not say what it holds", field.name),
                    format!(
                        "Write {{ from: …, token: {} }} for raw values, or `token: \
                        ready` if the partner keyed them.",
                        field.name
                    ),
                );
                None
            }
            None => None,
            Some(_) if !is_token => {
                self.problem(
                    spot.key("token").key_mark(),
                    format!("`token` stands on `{}`, which is no contact column", field.name),
                    "Remove `token`; `mobile`, `email` and `name` of the members alone have one.",
                );
                None
            }
            Some(TokenChoice::Described(TokenDescription::Ready(named))) => {
                let spot = spot.key("token").key("ready").key("key");
                self.named(spot, "`key` of the tokens", &named.key);
                Some(Contact::Ready(Some(KeyName {
                    id: named.key.clone(),
                    algorithm: named.algorithm.map(algorithm).unwrap_or_default(),
                })))
            }
            Some(TokenChoice::Described(_)) => {
                self.problem(
                    spot.key("token").mark(),
                    format!(
                        "`{}` was hashed without a key, and every such number can be guessed \
                         from its hash in half an hour",
                        field.name
                    ),
                    "Agree on a key and have the partner send HMAC tokens made with it, then write \
                     `token: ready`; or have the raw values sent to be keyed here.",
                );
                None
            }
            Some(TokenChoice::Word(TokenDeclaration::Ready)) => Some(Contact::Ready(None)),
            Some(TokenChoice::Word(TokenDeclaration::Mobile)) => {
                self.contact_fits(spot, field, "mobile");
                shelf.key.cloned().map(Contact::Mobile)
            }
            Some(TokenChoice::Word(TokenDeclaration::Email)) => {
                self.contact_fits(spot, field, "email");
                shelf.key.cloned().map(Contact::Email)
            }
            Some(TokenChoice::Word(TokenDeclaration::Name)) => {
                self.contact_fits(spot, field, "name");
                shelf.key.cloned().map(Contact::Name)
            }
        }
    }

    /// A mobile number keyed as an e-mail address would match nothing, without a word.
    fn contact_fits(&mut self, spot: Spot<'_>, field: &Field, token: &str) {
        if field.name != token {
            self.problem(
                spot.key("token").mark(),
                format!("`token: {token}` stands on the column `{}`", field.name),
                format!("Write `token: {}`, or move it to the column `{token}`.", field.name),
            );
        }
    }
}
