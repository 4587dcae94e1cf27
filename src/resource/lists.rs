//! Lists of AWS that things of two types stand in, asked for once in a read.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::OnceCell;

use super::Error;

type Listed = Arc<dyn Any + Send + Sync>;

/// What was listed in one read, by what its entries are. It lives no longer than
/// the read: what is read again is listed again.
#[derive(Default)]
pub struct Lists(Mutex<HashMap<TypeId, Arc<OnceCell<Listed>>>>);

impl Lists {
    /// Returns the list of `T`, read by `list` where nobody has yet; whoever asks
    /// while it is being read waits for that.
    ///
    /// # Errors
    /// Where `list` fails; the next who asks tries again.
    pub async fn once<T: Send + Sync + 'static>(
        &self,
        list: BoxFuture<'_, Result<Vec<T>, Error>>,
    ) -> Result<Arc<Vec<T>>, Error> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(TypeId::of::<T>()).or_default())
        };
        let read = || async move { Ok::<Listed, Error>(Arc::new(list.await?)) };
        let listed = Arc::clone(cell.get_or_try_init(read).await?);
        let listed = listed.downcast::<Vec<T>>();
        listed.map_err(|_| Error::internal("lists", "a list holds what it was not read for"))
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Lists")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_list_is_read_once_unless_that_fails() {
        let (lists, times) = (Lists::default(), AtomicUsize::new(0));
        let read = |fails: bool| async move {
            tokio::task::yield_now().await;
            if fails {
                return Err(Error::internal("", "no"));
            }
            Ok(vec![7_u8])
        };
        assert!(lists.once(Box::pin(read(true))).await.is_err());
        let counted = || async {
            times.fetch_add(1, Ordering::Relaxed);
            read(false).await
        };
        let (one, other) = tokio::join!(
            lists.once(Box::pin(counted())),
            lists.once(Box::pin(counted()))
        );
        assert_eq!(
            (one.unwrap(), other.unwrap()),
            (vec![7].into(), vec![7].into())
        );
        assert_eq!(times.into_inner(), 1);
        assert_eq!(
            *lists.once(Box::pin(async { Ok(vec!["x"]) })).await.unwrap(),
            ["x"]
        );
    }
}
