//! The numbers that can be shared: each one atomic word, so that it is never read half written.

use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering,
};

/// A number that fits a [`Value`](super::Value) or an [`Array`](super::Array): i8 (Python's `'b'`),
/// u8 (`'B'`), i16 (`'h'`), u16 (`'H'`), i32 (`'i'`), u32 (`'I'`), i64 (`'q'`), u64 (`'Q'`), f32
/// (`'f'`), f64 (`'d'`). Sealed: each is one atomic word in memory.
pub trait Scalar: Copy + sealed::Cell {}

/// An integer [`Scalar`], which the processor can add to in one step.
pub trait Integer: Scalar + sealed::Add {}

pub(super) mod sealed {
    pub trait Cell {
        type Atomic: crate::mp::shm::SharedSafe + std::fmt::Debug;
        fn load(cell: &Self::Atomic) -> Self;
        fn store(cell: &Self::Atomic, value: Self);
    }
    pub trait Add: Cell {
        fn fetch_add(cell: &Self::Atomic, value: Self) -> Self;
    }
}

macro_rules! integer {
    ($($number:ty as $atomic:ty),*) => {$(
        impl Scalar for $number {}
        impl Integer for $number {}
        impl sealed::Cell for $number {
            type Atomic = $atomic;
            #[inline]
            fn load(cell: &$atomic) -> Self {
                cell.load(Ordering::Relaxed)
            }
            #[inline]
            fn store(cell: &$atomic, value: Self) {
                cell.store(value, Ordering::Relaxed);
            }
        }
        impl sealed::Add for $number {
            #[inline]
            fn fetch_add(cell: &$atomic, value: Self) -> Self {
                cell.fetch_add(value, Ordering::Relaxed)
            }
        }
    )*};
}
integer!(
    i8 as AtomicI8,
    u8 as AtomicU8,
    i16 as AtomicI16,
    u16 as AtomicU16,
    i32 as AtomicI32,
    u32 as AtomicU32,
    i64 as AtomicI64,
    u64 as AtomicU64
);

macro_rules! float {
    ($($number:ty as $atomic:ty),*) => {$(
        impl Scalar for $number {}
        impl sealed::Cell for $number {
            type Atomic = $atomic;
            #[inline]
            fn load(cell: &$atomic) -> Self {
                <$number>::from_bits(cell.load(Ordering::Relaxed))
            }
            #[inline]
            fn store(cell: &$atomic, value: Self) {
                cell.store(value.to_bits(), Ordering::Relaxed);
            }
        }
    )*};
}
float!(f32 as AtomicU32, f64 as AtomicU64);
