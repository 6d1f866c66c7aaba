-- The windows of popular and trending.
insert into search.settings (is_only_row) values (true)
on conflict do nothing;
