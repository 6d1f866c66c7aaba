create table catalog.violation (title text);
