//! Protobuf's wire format: fields of one message, one after another.
//! <https://protobuf.dev/programming-guides/encoding/>.

/// Bytes that are not what their field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The message ends within a field.
    #[error("the message ends within a field")]
    Truncated,
    /// A number has more than ten bytes, or more than 64 bits.
    #[error("a number is longer than 64 bits")]
    Varint,
    /// A field has the number 0, or one above 2^29 - 1.
    #[error("a field has an impossible number")]
    FieldNumber,
    /// A field has a form that protobuf does not have, or no longer.
    #[error("a field has an unknown wire type")]
    WireType,
    /// A known field has another form than its type.
    #[error("a field does not have the wire type of its type")]
    Mismatch,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// Values lie within one another deeper than anyone means.
    #[error("values are nested too deeply")]
    Depth,
}

/// One value, in the form that it travels in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Numbers of any size, booleans and enums.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Texts, bytes and messages.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

/// Reads a message field by field.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Begins with the first field of `message`.
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Reads the next field: its number and its value; `None` at the end.
    #[inline]
    pub fn read(&mut self) -> Result<Option<(u32, Value<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed::FieldNumber)?;
        if number == 0 || number >= 1 << 29 {
            return Err(Malformed::FieldNumber);
        }
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed::Truncated)?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(Malformed::WireType),
        };
        Ok(Some((number, value)))
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            // Spans and what holds them are longer than 127 bytes.
            [low, high, rest @ ..] if *high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            // The tenth byte holds the 64th bit alone.
            if index == 9 && bits > 1 {
                return Err(Malformed::Varint);
            }
            value |= bits << (7 * index);
            if *byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        if self.rest.len() < 10 {
            Err(Malformed::Truncated)
        } else {
            Err(Malformed::Varint)
        }
    }
}

/// The fields up to the first that is malformed: for messages that
/// [`super::check()`] has walked over, all of them.
impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.read().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(message: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Malformed> {
        let mut fields = Fields::of(message);
        std::iter::from_fn(|| fields.read().transpose()).collect()
    }

    #[test]
    fn reads_every_form() {
        let message = [
            0x08, 0x96, 0x01, // 1: 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x1d, 1, 0, 0, 0, // 3: fixed 1
            0x21, 2, 0, 0, 0, 0, 0, 0, 0, // 4: fixed 2
        ];
        assert_eq!(
            all(&message).unwrap(),
            [
                (1, Value::Varint(150)),
                (2, Value::Bytes(b"hi")),
                (3, Value::Fixed32(1)),
                (4, Value::Fixed64(2)),
            ]
        );
    }

    #[test]
    fn tells_what_is_wrong() {
        let cases: [(&[u8], Malformed); 8] = [
            (&[0x08], Malformed::Truncated),
            (&[0x08, 0x80], Malformed::Truncated),
            (&[0x12, 5, b'h'], Malformed::Truncated),
            (&[0x21, 1, 2, 3], Malformed::Truncated),
            (&[0x00, 0x01], Malformed::FieldNumber),
            (&[0x0b], Malformed::WireType),
            (
                &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
                Malformed::Varint,
            ),
            (
                &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
                Malformed::Varint,
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(all(message), Err(expected), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = all(&message);
        }

        #[test]
        fn reads_numbers_of_every_size(number: u64) {
            let mut message = Vec::new();
            prost::encoding::uint64::encode(7, &number, &mut message);
            prop_assert_eq!(all(&message).unwrap(), [(7, Value::Varint(number))]);
        }
    }
}
