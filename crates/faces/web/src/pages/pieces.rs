//! Pieces of a timeline, all of them.

use dayline_app::AppError;
use dayline_app::reporting::timeline::Pieces;
use dayline_domain::Piece;

/// Reads pieces to their end; of a few days, which one page shows.
///
/// # Errors
/// When the ledger can't be read.
pub(crate) async fn all(mut pieces: Pieces) -> Result<Vec<Piece>, AppError> {
    let mut read = Vec::new();
    while let Some(more) = pieces.next().await? {
        read.extend(more);
    }
    Ok(read)
}
