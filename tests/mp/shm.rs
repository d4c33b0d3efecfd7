//! Shared memory is shared, and all other memory is copied.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use parlab::mp::{Array, RawArray, RawValue, Shared, SharedSlice, Value};

use crate::Case;
use crate::staging::{ends_well, started};

pub const CASES: &[Case] = &[
    ("shm::value_and_array_are_shared", value_and_array_are_shared),
    ("shm::floats_keep_every_bit", floats_keep_every_bit),
    ("shm::value_has_a_lock_of_its_own", value_has_a_lock_of_its_own),
    ("shm::added_in_one_step", added_in_one_step),
    ("shm::ordinary_memory_is_copied", ordinary_memory_is_copied),
    ("shm::slices_of_any_length", slices_of_any_length),
    ("shm::impossible_sizes_are_refused", impossible_sizes_are_refused),
    ("shm::array_has_a_lock_of_its_own", array_has_a_lock_of_its_own),
    ("shm::many_numbers_are_copied_at_once", many_numbers_are_copied_at_once),
    ("shm::a_slice_is_a_part_and_no_copy", a_slice_is_a_part_and_no_copy),
    ("shm::small_integers_keep_to_their_places", small_integers_keep_to_their_places),
];

/// The notebook's data, and its sum once the 2s are added.
const DATA: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.4, 6.8, 5.3];

fn value_and_array_are_shared() {
    let (array, sum) = (Array::new(DATA.len()).unwrap(), Value::new(0.0).unwrap());
    assert_eq!(array.to_vec(), [0.0; 8], "an array starts at 0");
    let mut child = started("child", || {
        for (at, number) in DATA.iter().enumerate() {
            array.set(at, number + 2.0);
        }
        sum.set(DATA.iter().sum());
    });
    ends_well(&mut child);
    assert_eq!(array.to_vec(), DATA.map(|number| number + 2.0));
    assert_eq!((array.len(), array.is_empty(), array.get(0)), (8, false, 3.0));
    assert_eq!(sum.get(), 33.5);
}

fn floats_keep_every_bit() {
    let (single, double) = (Array::<f32>::new(1).unwrap(), Array::<f64>::new(1).unwrap());
    ends_well(&mut started("child", || {
        single.set(0, 6.4 + 2.0);
        double.set(0, f64::MIN_POSITIVE);
    }));
    assert_eq!(format!("{:.15}", f64::from(single.get(0))), "8.399999618530273");
    assert_eq!(double.get(0), f64::MIN_POSITIVE);
    assert_eq!(RawValue::new(i64::MIN).unwrap().get(), i64::MIN);
    assert_eq!(RawValue::new(u32::MAX).unwrap().get(), u32::MAX);
}

fn value_has_a_lock_of_its_own() {
    let total = Value::new(0i32).unwrap();
    let add = || {
        for _ in 0..5_000 {
            let _guard = total.get_lock().acquire().unwrap();
            total.set(total.get() + 1);
        }
    };
    let mut children = [started("one", add), started("other", add)];
    children.iter_mut().for_each(ends_well);
    assert_eq!(total.get(), 10_000);
}

fn added_in_one_step() {
    let total = RawValue::new(0u64).unwrap();
    let add = || {
        for _ in 0..50_000 {
            total.fetch_add(1);
        }
    };
    let mut children = [started("one", add), started("other", add)];
    children.iter_mut().for_each(ends_well);
    assert_eq!(total.get(), 100_000);
    assert_eq!(RawValue::new(i32::MAX).unwrap().fetch_add(1), i32::MAX);
}

fn ordinary_memory_is_copied() {
    let ordinary = Cell::new(7);
    let (address, seen) = (Shared::<AtomicUsize>::new().unwrap(), RawValue::new(0).unwrap());
    ends_well(&mut started("child", || {
        ordinary.set(8);
        address.store(ordinary.as_ptr().addr(), Ordering::Relaxed);
        seen.set(ordinary.get());
    }));
    assert_eq!(address.load(Ordering::Relaxed), ordinary.as_ptr().addr(), "the same address");
    assert_eq!((seen.get(), ordinary.get()), (8, 7), "another value");
}

fn slices_of_any_length() {
    for len in [0, 1, 4095, 4096, 4097, 1 << 20] {
        let bytes = SharedSlice::<AtomicU8>::zeroed(len).unwrap();
        bytes.touch();
        assert_eq!(bytes.len(), len);
        ends_well(&mut started("child", || {
            bytes.touch();
            bytes.iter().for_each(|byte| byte.store(9, Ordering::Relaxed));
        }));
        assert!(bytes.iter().all(|byte| byte.load(Ordering::Relaxed) == 9));
    }
}

fn impossible_sizes_are_refused() {
    for len in [usize::MAX, usize::MAX / 8, 1 << 60] {
        let error = Array::<f64>::new(len).expect_err("no machine has so much");
        assert!(error.to_string().contains("memory to share"), "{error}");
    }
}

fn array_has_a_lock_of_its_own() {
    let totals = Array::of(&[0i64; 3]).unwrap();
    let add = || {
        for round in 0..6_000 {
            let _guard = totals.get_lock().acquire().unwrap();
            let at = round % 3;
            totals.set(at, totals.get(at) + 1);
        }
    };
    let mut children = [started("one", add), started("other", add)];
    children.iter_mut().for_each(ends_well);
    assert_eq!(totals.to_vec(), [4_000; 3]);
}

fn many_numbers_are_copied_at_once() {
    let numbers: Vec<f64> = (0..100_000).map(f64::from).collect();
    let array = RawArray::of(&numbers).unwrap();
    ends_well(&mut started("child", || {
        let mut copy = vec![0.0; array.len()];
        array.copy_to(&mut copy);
        copy.iter_mut().for_each(|number| *number *= 2.0);
        array.copy_from(&copy);
        array.update(|number| number + 2.0);
    }));
    assert!(array.iter().zip(&numbers).all(|(found, number)| found == number * 2.0 + 2.0));
    assert_eq!(array.iter().len(), 100_000);
    let unequal = std::panic::catch_unwind(|| RawArray::<i32>::new(3).unwrap().copy_from(&[1, 2]));
    assert!(unequal.is_err(), "two numbers are not three");
    let none = RawArray::<f64>::of(&[]).unwrap();
    none.copy_to(&mut []);
    assert!(none.is_empty() && none.to_vec().is_empty());
}

fn a_slice_is_a_part_and_no_copy() {
    let array = Array::of(&[1, 2, 3, 4, 5]).unwrap();
    array.slice(1..3).set(0, 20);
    array.slice(3..).copy_from(&[40, 50]);
    assert_eq!(array.to_vec(), [1, 20, 3, 40, 50]);
    assert_eq!(array.slice(..=1).to_vec(), [1, 20]);
    let beyond = std::panic::catch_unwind(|| RawArray::<i32>::new(3).unwrap().slice(2..4).len());
    assert!(beyond.is_err(), "it ends beyond the array");
}

fn small_integers_keep_to_their_places() {
    let (bytes, words) = (RawArray::<u8>::new(5).unwrap(), RawArray::<i16>::new(3).unwrap());
    ends_well(&mut started("child", || {
        bytes.set(1, 255);
        words.set(1, -2);
    }));
    assert_eq!(bytes.to_vec(), [0, 255, 0, 0, 0]);
    assert_eq!(words.to_vec(), [0, -2, 0]);
}
