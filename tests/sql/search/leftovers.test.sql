-- Once a day the search deletes what a load without triggers left behind.
begin;
select plan(8);

-- Given a shop with two products, one of which vanished in a load that fired no triggers
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.business('Shop', 'owner');
select tests.named(called) from unnest('{Amber,Birch}'::text[]) as called;
insert into catalog.products (id, business_id, name, slug, currency, is_published)
select tests.id(name), tests.id('Shop'), name, lower(name), 'EUR', true
from unnest('{Amber,Birch}'::text[]) as goods (name);
set local session_replication_role = replica;
delete from catalog.products where id = tests.id('Birch');
set local session_replication_role = origin;
insert into search.words (word, shortened) values ('amber', search.shortened('amber'));
create function tests.has_word(word text) returns bigint language sql
as $$ select count(*) from search.words where words.word = $1 $$;

select is(tests.has_word('birch'), 1::bigint, 'The word of the vanished product is there before');
select tests.act_as_role('worker');
select lives_ok('select search.keep_house()', 'The worker may do the work of the day');
select tests.act_as_owner();
select is(
    (select array_agg(name order by name) from search.entries), '{Amber,Shop}',
    'The entry of the vanished product is deleted'
);
select is(tests.has_word('birch'), 0::bigint, 'So is its word');
select is(tests.has_word('amber'), 1::bigint, 'A word that was there twice is there once');

-- A word can be lost when it is deleted while another transaction adds an entry that has it.
delete from search.words where word = 'amber';
select search.delete_leftovers();
select is(tests.has_word('amber'), 1::bigint, 'A missing word is added');

-- Sales
insert into search.popular (business_id, kind, subject_id, unit_count, trending_count)
values (tests.id('Shop'), 'product', tests.id('Amber'), 5, 5);
select search.keep_house();
select is(
    (select unit_count from search.popular), 5::bigint, 'Counted sales stay until the hourly count'
);
select is(
    (
        select array_agg(routes.queue || ' ' || routes.actor)
        from private.schedules
        inner join private.routes on routes.topic = schedules.topic
        where schedules.name = 'search' and schedules.every = '1 day'
    ),
    '{"housekeeping keep_search"}', 'The scheduler asks for this once a day'
);

select * from finish();
rollback;
