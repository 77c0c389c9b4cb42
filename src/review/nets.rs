//! What a publication's statements come to, from the statements themselves.

use rust_decimal::Decimal;

use super::publication::{Publication, ReviewError};

/// What one statement comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// The currency.
    pub currency: String,
    /// The codes of payer and payee, where something is due.
    pub pays: Option<(String, String)>,
    /// What is due.
    pub amount_due: Decimal,
    /// Carried out; positive: A owes B.
    pub carry_forward: Decimal,
}

/// The statements of a publication in the order of its table; none where they are blocked.
///
/// # Errors
/// [`ReviewError`] when the table cannot be read.
pub fn nets(publication: &Publication) -> Result<Vec<Net>, ReviewError> {
    let mut nets = Vec::new();
    if !publication.has("statement") {
        return Ok(nets);
    }
    let columns = ["currency", "payer", "a_code", "b_code", "amount_due", "carry_forward"];
    publication.scan("statement", &columns, |_, row| {
        let [a, b] = [2, 3].map(|at| row.text(at).to_owned());
        let pays = match row.text(1) {
            "a" => Some((a, b)),
            "b" => Some((b, a)),
            _ => None,
        };
        nets.push(Net {
            currency: row.text(0).to_owned(),
            pays,
            amount_due: row.decimal(4).unwrap_or_default(),
            carry_forward: row.decimal(5).unwrap_or_default(),
        });
        Ok(())
    })?;
    Ok(nets)
}
