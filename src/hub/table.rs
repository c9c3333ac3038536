//! A dense table whose row numbers are used again: what users and rooms are kept in.
//! It knows nothing of either.

/// Rows by number. The lowest memory for things that come and go, and O(1) for all of it.
#[derive(Debug)]
pub(super) struct Table<T> {
    rows: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Table<T> {
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Puts a row where one is free and says where.
    pub(super) fn insert(&mut self, row: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self.rows[number as usize] = Some(row);
            return number;
        }
        let number = u32::try_from(self.rows.len()).expect("fewer than 2^32 rows fit in memory");
        self.rows.push(Some(row));
        number
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let row = self.rows.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(row)
    }

    pub(super) fn find(&self, number: u32) -> Option<&T> {
        self.rows.get(number as usize)?.as_ref()
    }

    pub(super) fn find_mut(&mut self, number: u32) -> Option<&mut T> {
        self.rows.get_mut(number as usize)?.as_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// All rows, by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..)
            .zip(&self.rows)
            .filter_map(|(number, row)| row.as_ref().map(|row| (number, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again_and_rows_counted() {
        let mut table = Table::new();
        let (ana, ben) = (table.insert("ana"), table.insert("ben"));
        assert_eq!(table.remove(ana), Some("ana"));
        assert_eq!(table.remove(ana), None);
        assert_eq!(table.len(), 1);
        assert_eq!(table.insert("cho"), ana);
        assert_eq!(table.find(ben), Some(&"ben"));
        assert_eq!(table.iter().collect::<Vec<_>>(), [(0, &"cho"), (1, &"ben")]);
    }
}
