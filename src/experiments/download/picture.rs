//! The pictures that the loopback server gives out: made by a formula, so that nothing has to be
//! stored, and who fetches one can tell whether it is right.

use sha2::{Digest, Sha256};

/// Columns of a picture.
const WIDTH: u32 = 160;
/// Rows of a picture.
const HEIGHT: u32 = 120;
/// Bytes before the first pixel: the two headers of a BMP file.
const HEADERS: u32 = 54;
/// Bytes of the pixels: blue, green and red of each, and no padding, as a row is a multiple of 4.
const PIXELS: u32 = WIDTH * HEIGHT * 3;
/// Pictures that differ; after them the first one comes again.
const DIFFERENT: u32 = 16;

/// Bytes of each picture.
pub const BYTES: u64 = (HEADERS + PIXELS) as u64;

/// The first two bytes of a picture, by which every program knows the format.
pub const MAGIC: &[u8; 2] = b"BM";

/// The name of the picture with this number, from 1.
pub fn name(number: u32) -> String {
    format!("picture-{number}.bmp")
}

/// Picture number `number`, from 1, as a file: a BMP of 24 bits a pixel (Microsoft,
/// `BITMAPFILEHEADER` and `BITMAPINFOHEADER`).
pub fn file(number: u32) -> Vec<u8> {
    let mut file = Vec::with_capacity(BYTES as usize);
    file.extend(MAGIC);
    for word in [BYTES as u32, 0, HEADERS] {
        file.extend(word.to_le_bytes());
    }
    for word in [40, WIDTH, HEIGHT, 1 | 24 << 16, 0, PIXELS, 2835, 2835, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            file.extend(pixel(number % DIFFERENT, x, y));
        }
    }
    file
}

/// Bands that bend: blue, green, red.
fn pixel(number: u32, x: u32, y: u32) -> [u8; 3] {
    let turn = number * 37;
    let bend = (x * x + y * y) / 64;
    [(x + turn) as u8, (bend + 2 * turn) as u8, ((x ^ y) + 3 * turn) as u8]
}

/// SHA-256 of bytes.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_long_as_it_says() {
        let file = file(3);
        assert_eq!(file.len() as u64, BYTES);
        assert_eq!(&file[..2], MAGIC);
        assert_eq!(u32::from_le_bytes(file[2..6].try_into().unwrap()), file.len() as u32);
    }

    #[test]
    fn neighbours_differ() {
        assert_ne!(hash(&file(1)), hash(&file(2)));
        assert_eq!(file(1), file(1 + DIFFERENT));
    }
}
