//! A table whose rows are also found and listed by name: what users and rooms are kept in. Beside
//! the rows stand their numbers in the order of the names, four bytes each: a map that held the
//! names a second time would take as much memory as half a user. It knows neither users nor rooms.

use super::table::Table;

/// A row that has a name, which no other row of its directory has.
pub(super) trait Named {
    type Name: Ord;
    fn name(&self) -> &Self::Name;
    fn name_mut(&mut self) -> &mut Self::Name;
}

/// Rows by number and by name. Finding a name takes a binary search; a row that comes or goes
/// moves the numbers of one run besides, and one in so many moves the list of runs.
#[derive(Debug)]
pub(super) struct Directory<T> {
    rows: Table<T>,
    /// The numbers of all rows, by name, cut into runs of 1 to `RUN_MAX`.
    runs: Vec<Vec<u32>>,
}

const RUN_MAX: usize = 256;

/// Which run, and where in it.
type Place = (usize, usize);

impl<T: Named> Directory<T> {
    pub(super) fn new() -> Self {
        Self {
            rows: Table::new(),
            runs: Vec::new(),
        }
    }

    /// Puts a row, whose name must be free, where a number is free, and says where.
    pub(super) fn insert(&mut self, row: T) -> u32 {
        let number = self.rows.insert(row);
        self.enlist(number);
        number
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        self.rows.find(number)?;
        self.delist(number);
        self.rows.remove(number)
    }

    /// The new name must be free, or another spelling of the old one.
    pub(super) fn rename(&mut self, number: u32, name: T::Name) {
        self.delist(number);
        let row = self.rows.find_mut(number);
        *row.expect("what is renamed is there").name_mut() = name;
        self.enlist(number);
    }

    pub(super) fn find(&self, number: u32) -> Option<&T> {
        self.rows.find(number)
    }

    /// To change anything but the name: that is for `rename`.
    pub(super) fn find_mut(&mut self, number: u32) -> Option<&mut T> {
        self.rows.find_mut(number)
    }

    /// Who has a name.
    pub(super) fn named(&self, name: &T::Name) -> Option<u32> {
        let (run, index) = self.seek(name).ok()?;
        Some(self.runs[run][index])
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows, by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter()
    }

    /// All rows, by name.
    pub(super) fn by_name(&self) -> impl Iterator<Item = &T> {
        self.runs.iter().flatten().map(|&number| self.row(number))
    }

    fn row(&self, number: u32) -> &T {
        self.rows.find(number).expect("listed rows are there")
    }

    /// The place of a name, or the place that it would take.
    fn seek(&self, name: &T::Name) -> Result<Place, Place> {
        let name_of = |&number: &u32| self.row(number).name();
        let begins_by_then = |run: &Vec<u32>| name_of(&run[0]) <= name;
        let later = self.runs.get(1..).unwrap_or_default(); // what comes before all is of the first
        let run = later.partition_point(begins_by_then);
        let Some(numbers) = self.runs.get(run) else {
            return Err((0, 0));
        };
        match numbers.binary_search_by(|number| name_of(number).cmp(name)) {
            Ok(index) => Ok((run, index)),
            Err(index) => Err((run, index)),
        }
    }

    fn enlist(&mut self, number: u32) {
        let place = self.seek(self.row(number).name());
        let (place, index) = place.expect_err("a name is free when it is given");
        if self.runs.is_empty() {
            self.runs.push(Vec::new());
        }
        let run = &mut self.runs[place];
        run.insert(index, number);
        if run.len() > RUN_MAX {
            let second_half = run.split_off(RUN_MAX / 2);
            self.runs.insert(place + 1, second_half);
        }
    }

    fn delist(&mut self, number: u32) {
        let place = self.seek(self.row(number).name());
        let (place, index) = place.expect("every row is listed");
        let run = &mut self.runs[place];
        run.remove(index);
        if run.is_empty() {
            self.runs.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Named for String {
        type Name = Self;
        fn name(&self) -> &Self {
            self
        }
        fn name_mut(&mut self) -> &mut Self {
            self
        }
    }

    fn names(directory: &Directory<String>) -> Vec<&str> {
        directory.by_name().map(String::as_str).collect()
    }

    #[test]
    fn rows_are_found_and_listed_by_name() {
        let mut directory = Directory::new();
        let [cho, ana, ben] = ["cho", "ana", "ben"].map(|name| directory.insert(name.to_owned()));
        assert_eq!(names(&directory), ["ana", "ben", "cho"]);
        assert_eq!(directory.named(&"ben".to_owned()), Some(ben));
        directory.rename(ana, "dan".to_owned());
        assert_eq!(directory.named(&"ana".to_owned()), None);
        assert_eq!(directory.remove(cho).as_deref(), Some("cho"));
        assert_eq!(directory.remove(cho), None);
        assert_eq!(names(&directory), ["ben", "dan"]);
    }

    #[test]
    fn many_rows_stay_in_order_while_they_come_and_go() {
        let rows = 10 * u32::try_from(RUN_MAX).unwrap();
        let name_of = |row: u32| format!("{:08x}", row.wrapping_mul(0x9e37_79b1));
        let mut directory = Directory::new();
        let numbers: Vec<u32> = (0..rows)
            .map(|row| directory.insert(name_of(row)))
            .collect();
        assert!(names(&directory).is_sorted());
        assert!(directory.runs.len() > 10);
        for row in (0..rows).filter(|row| row % 3 > 0) {
            directory.remove(numbers[row as usize]);
        }
        assert!(names(&directory).is_sorted());
        for row in 0..rows {
            let there = (row % 3 == 0).then_some(numbers[row as usize]);
            assert_eq!(directory.named(&name_of(row)), there, "{row}");
        }
        for row in (0..rows).filter(|row| row % 3 == 0) {
            directory.remove(numbers[row as usize]);
        }
        assert_eq!((directory.len(), directory.runs.len()), (0, 0));
    }
}
