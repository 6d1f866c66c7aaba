-- The months of the log, as far as they are due.
select mobile.keep_months();
