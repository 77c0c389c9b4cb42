//! Allotment: a rounded total shared by exact parts, by largest remainder (domain.md §6.3).

use rust_decimal::Decimal;

use super::points::Overflow;

/// Shares `total`, in units of 10^-digits, among exact parts. The shares sum exactly to the total.
///
/// 1. Every part gets its floor in whole units.
/// 2. What is left goes, one unit each, to the parts with the largest remainders; ties go to the
///    earlier part.
///
/// One pass is enough: each remainder is below one unit, so the sum of the floors is less than the
/// exact sum by less than one unit for each part, and a rounded total is at most the next whole
/// unit above that sum.
/// It is not checked that the total is a rounding of the parts' sum; where it is not, an error says
/// that it cannot be shared.
///
/// # Errors
/// [`Overflow`] when a part has no whole number of units in 127 bits, or when the total differs
/// from the floors' sum by less than nothing or by more units than there are parts.
pub fn allot(total: i128, parts: &[Decimal], digits: u32) -> Result<Vec<i128>, Overflow> {
    let overflow = Overflow { what: "shares of a total" };
    let mut shares = Vec::with_capacity(parts.len());
    let mut remainders = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let floor = part.mantissa().checked_mul(10_i128.pow(digits)).ok_or(overflow)?;
        let scale = 10_i128.checked_pow(part.scale()).ok_or(overflow)?;
        shares.push(floor.div_euclid(scale));
        // Remainders are compared as fractions of one scale: 10^28, the most a decimal has.
        let remainder = floor.rem_euclid(scale);
        let widened = 10_i128.checked_pow(28 - part.scale().min(28)).ok_or(overflow)?;
        remainders.push((remainder.checked_mul(widened).ok_or(overflow)?, index));
    }
    let mut floors = 0_i128;
    for share in &shares {
        floors = floors.checked_add(*share).ok_or(overflow)?;
    }
    let left = total.checked_sub(floors).ok_or(overflow)?;
    let left = usize::try_from(left).ok().filter(|left| *left <= parts.len()).ok_or(overflow)?;
    remainders.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    for &(_, index) in remainders.iter().take(left) {
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
        }
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_the_total() {
        let rows: [(i128, &[&str], &[i128]); 7] = [
            (100, &["0.333", "0.333", "0.334"], &[33, 33, 34]),
            (101, &["0.335", "0.335", "0.335"], &[34, 34, 33]),
            (-100, &["-0.333", "-0.667"], &[-33, -67]),
            (0, &["0.004", "-0.004"], &[0, 0]),
            (7, &["0.07"], &[7]),
            // Remainders of other scales are compared as what they are worth.
            (67, &["0.335", "0.3351"], &[33, 34]),
            (67, &["0.336", "0.3351"], &[34, 33]),
        ];
        for (total, parts, shares) in rows {
            let parts: Vec<Decimal> = parts.iter().map(|part| part.parse().unwrap()).collect();
            assert_eq!(allot(total, &parts, 2).unwrap(), shares, "{total} over {parts:?}");
        }
    }

    #[test]
    fn a_total_that_is_no_rounding_of_the_parts_is_refused() {
        let parts = ["0.10".parse().unwrap(), "0.10".parse().unwrap()];
        assert!(allot(90, &parts, 2).is_err());
        assert!(allot(10, &parts, 2).is_err());
    }
}
