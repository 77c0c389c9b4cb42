//! A sheet as the cache keeps it.

use super::packing::{Broken, Packer, Unpacker};
use crate::feed::{
    DeclaredTotal, FeedKind, InputFile, PartSum, Reject, RejectCode, TotalOf, TotalPlace,
};
use crate::source::cells::{Cells, of_eight};
use crate::source::sheet::Sheet;

/// Packs a sheet of a file, but for the number of its part. `None` where it cannot be kept.
pub(super) fn pack(sheet: &Sheet, file: &InputFile) -> Option<Vec<u8>> {
    let mut packer = Packer::new().ok()?;
    // A file that is renamed is read as it was.
    packer.text(sheet.name.strip_prefix(file.path.as_str())?);
    packer.number(sheet.rows);
    packer.number(sheet.bytes);
    packer.number(u64::from(sheet.is_last));
    packer.text(&sheet.sum.points.to_string());
    packer.number(sheet.sum.hash);
    let had: Vec<u8> = sheet.had.iter().map(|&had| u8::from(had)).collect();
    packer.block(&had).ok()?;
    packer.number(sheet.totals.len() as u64);
    for total in &sheet.totals {
        pack_total(total, &mut packer);
    }
    packer.number(sheet.rejects.len() as u64);
    for reject in &sheet.rejects {
        pack_reject(reject, sheet, &mut packer)?;
    }
    packer.number(sheet.lines.len() as u64);
    // Mostly one more than the line before.
    let before = std::iter::once(&0).chain(&sheet.lines);
    let steps = sheet.lines.iter().zip(before).map(|(line, before)| line.wrapping_sub(*before));
    let steps: Vec<u8> = steps.flat_map(u64::to_le_bytes).collect();
    packer.block(&steps).ok()?;
    packer.number(sheet.columns.len() as u64);
    for column in &sheet.columns {
        column.pack(&mut packer).ok()?;
    }
    Some(packer.finish())
}

fn pack_total(total: &DeclaredTotal, packer: &mut Packer) {
    let DeclaredTotal { part: _, line, place, of, declared } = total;
    packer.number(*line);
    packer.number(place_code(*place));
    packer.number(of_code(*of));
    match declared {
        Ok(figure) => {
            packer.number(1);
            packer.text(&figure.to_string());
        }
        Err(reason) => {
            packer.number(0);
            packer.text(reason);
        }
    }
}

fn pack_reject(reject: &Reject, sheet: &Sheet, packer: &mut Packer) -> Option<()> {
    let Reject { file, line, byte_offset, column, code, reason, redacted } = reject;
    if *file != sheet.name {
        return None;
    }
    packer.number(*line);
    packer.number(u64::from(byte_offset.is_some()));
    packer.number(byte_offset.unwrap_or_default());
    packer.text(column);
    packer.number(match code {
        RejectCode::Undecodable => 0,
        RejectCode::Ragged => 1,
        RejectCode::Value => 2,
    });
    packer.text(reason);
    packer.text(redacted);
    Some(())
}

fn place_code(place: TotalPlace) -> u64 {
    match place {
        TotalPlace::Leading => 0,
        TotalPlace::Trailer => 1,
        TotalPlace::Summary => 2,
        TotalPlace::Comment => 3,
        TotalPlace::Beside => 4,
    }
}

fn of_code(of: TotalOf) -> u64 {
    match of {
        TotalOf::Record => 0,
        TotalOf::Rows => 1,
        TotalOf::Points => 2,
    }
}

/// Unpacks a sheet of the file of this path; numbers are those of the part and of the file.
pub(super) fn unpack(
    bytes: &[u8],
    kind: FeedKind,
    path: &str,
    (part, file): (u32, u32),
) -> Result<Sheet, Broken> {
    let mut from = Unpacker::new(bytes)?;
    let name = format!("{path}{}", from.text()?);
    let (rows, bytes) = (from.number()?, from.number()?);
    let is_last = from.number()? == 1;
    let points = from.text()?.parse().map_err(|_| Broken)?;
    let sum = PartSum { points, hash: from.number()? };
    let had = from.block()?.into_iter().map(|had| had == 1).collect();
    let mut totals = Vec::new();
    for _ in 0..from.count()? {
        totals.push(total(part, &mut from)?);
    }
    let mut rejects = Vec::new();
    for _ in 0..from.count()? {
        rejects.push(reject(&name, &mut from)?);
    }
    let stood = from.count()?;
    let mut line = 0_u64;
    let steps = of_eight(&from.block()?, u64::from_le_bytes)?;
    let lines: Vec<u64> = steps
        .into_iter()
        .map(|step| {
            line = line.wrapping_add(step);
            line
        })
        .collect();
    let fields = kind.fields();
    if lines.len() != stood || from.count()? != fields.len() {
        return Err(Broken);
    }
    let columns = fields.iter().map(|field| Cells::unpack(field.kind, stood, &mut from));
    let columns = columns.collect::<Result<Vec<Cells>, Broken>>()?;
    from.finish()?;
    Ok(Sheet {
        part,
        file,
        name,
        rows,
        bytes,
        columns,
        lines,
        rejects,
        totals,
        is_last,
        had,
        sum,
        kept: None,
    })
}

fn total(part: u32, from: &mut Unpacker<'_>) -> Result<DeclaredTotal, Broken> {
    let line = from.number()?;
    let place = match from.number()? {
        0 => TotalPlace::Leading,
        1 => TotalPlace::Trailer,
        2 => TotalPlace::Summary,
        3 => TotalPlace::Comment,
        4 => TotalPlace::Beside,
        _ => return Err(Broken),
    };
    let of = match from.number()? {
        0 => TotalOf::Record,
        1 => TotalOf::Rows,
        2 => TotalOf::Points,
        _ => return Err(Broken),
    };
    let is_figure = from.number()? == 1;
    let text = from.text()?;
    let declared = if is_figure { Ok(text.parse().map_err(|_| Broken)?) } else { Err(text) };
    Ok(DeclaredTotal { part, line, place, of, declared })
}

fn reject(name: &str, from: &mut Unpacker<'_>) -> Result<Reject, Broken> {
    let line = from.number()?;
    let has_offset = from.number()? == 1;
    let byte_offset = Some(from.number()?).filter(|_| has_offset);
    let column = from.text()?;
    let code = match from.number()? {
        0 => RejectCode::Undecodable,
        1 => RejectCode::Ragged,
        2 => RejectCode::Value,
        _ => return Err(Broken),
    };
    let (reason, redacted) = (from.text()?, from.text()?);
    Ok(Reject { file: name.to_owned(), line, byte_offset, column, code, reason, redacted })
}
