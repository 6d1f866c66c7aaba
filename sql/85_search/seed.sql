-- The windows of popular and trending, the hourly count of sales, and what is done once a day.
insert into search.settings (is_only_row) values (true)
on conflict do nothing;

insert into private.routes (topic, queue, actor)
values
('tick.recommendations', 'housekeeping', 'count_sales'),
('tick.search', 'housekeeping', 'keep_search'),
('tick.meaning', 'meaning', 'embed_entries'),
('search.changed', 'meaning', 'embed_entries')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('recommendations', 'tick.recommendations', '1 hour'),
('search', 'tick.search', '1 day'),
('meaning', 'tick.meaning', '1 hour')
on conflict (name) do update set topic = excluded.topic;
