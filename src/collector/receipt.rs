//! When a sender may be told that its traces are safe.

use tokio::sync::oneshot;

/// Goes with a parcel until nothing of it is waited for any more: where it is
/// dropped, the sender is told that all is well; where [`Receipt::fail`] was
/// called, or it is dropped by a panic, that it is not.
#[derive(Debug)]
pub struct Receipt(Option<oneshot::Sender<Option<String>>>);

/// The sender's side of a [`Receipt`].
#[derive(Debug)]
pub struct Waiting(oneshot::Receiver<Option<String>>);

/// Makes a receipt and what waits for it.
pub fn receipt() -> (Receipt, Waiting) {
    let (sender, receiver) = oneshot::channel();
    (Receipt(Some(sender)), Waiting(receiver))
}

impl Receipt {
    /// Tells the sender that its traces are not safe.
    pub fn fail(mut self, why: &str) {
        if let Some(sender) = self.0.take() {
            // A sender that is gone has nothing to be told.
            let _ = sender.send(Some(why.to_owned()));
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let failed = std::thread::panicking();
            let why = failed.then(|| "what took them has broken down".to_owned());
            let _ = sender.send(why);
        }
    }
}

impl Waiting {
    /// Completes when the traces are safe, or gone as the configuration says.
    ///
    /// # Errors
    /// Why they are not.
    pub async fn done(self) -> Result<(), String> {
        match self.0.await {
            Ok(Some(why)) => Err(why),
            Ok(None) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn tells_what_became_of_the_traces() {
        let (receipt, waiting) = super::receipt();
        drop(receipt);
        assert_eq!(waiting.done().await, Ok(()));

        let (receipt, waiting) = super::receipt();
        receipt.fail("the disk is full");
        assert_eq!(waiting.done().await, Err("the disk is full".to_owned()));

        let (receipt, waiting) = super::receipt();
        let broken = std::thread::spawn(move || {
            let _held = receipt;
            std::panic::panic_any("the thread breaks down");
        });
        assert!(broken.join().is_err());
        assert!(waiting.done().await.is_err());
    }
}
