-- Pictures that people upload for banners: who may, when a banner shows one, and when it is let go.
begin;
select plan(20);

select tests.person('Ada');
select tests.person('Nora');
select tests.person('Mia');
select tests.person('Cleo');
select tests.business('Loft', owned_by => 'Nora');
select identity.set_platform_role(tests.id('Ada'), 'admin');
insert into content.banners (id, business_id, place, title, image_url)
values
(tests.named('Front'), null, 'home', 'Spring', 'https://elsewhere.example/old.jpg'),
(tests.named('Team'), tests.id('Loft'), 'business', 'New team', null);

create function pg_temp.shown(banner text)
returns text
language sql
as $$
select replace(
    replace(image_url, '/storage/v1/object/public/public-media/', ''),
    coalesce((select id::text from tests.names where strpos(image_url, id::text) > 0), '-'),
    coalesce((select name from tests.names where strpos(image_url, id::text) > 0), '-')
)
from content.banners
where id = tests.id(banner)
$$;
create function pg_temp.kept()
returns setof text
language sql
as $$
select names.name
from files.media
inner join tests.names on names.id = media.id
where media.released_at is null
order by names.name
$$;

-- Who may send one
select tests.act_as('Cleo');
select throws_ok(
    $$ select public.create_upload('banner:' || tests.id('Team'), 'picture', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such banner.', 'a customer sends no picture for a banner'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.create_upload('banner:' || tests.id('Front'), 'picture', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such banner.', 'an owner sends none for a banner of the platform'
);
select tests.act_as('Ada');
select throws_ok(
    $$ select public.create_upload('banner:' || tests.id('Team'), 'picture', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such banner.', 'an admin sends none for a banner of a business'
);
select throws_ok(
    $$ select public.create_upload('banner:' || gen_random_uuid(), 'picture', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such banner.', 'nobody sends one for a banner that does not exist'
);

-- When it is shown
select tests.upload('Nora', 'banner:' || tests.id('Team'), 'picture', called => 'team');
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'one');
select tests.act_as_owner();
select results_eq(
    $$ select business_id, owner_id from files.media where subject = 'banner' order by owner_id nulls first $$,
    $$ values (tests.id('Loft'), null::uuid), (null, tests.id('Ada')) $$,
    'a picture belongs to the business, or to the admin who sent it'
);
select is(
    pg_temp.shown('Front'), 'https://elsewhere.example/old.jpg',
    'a banner keeps its picture while a worker looks into the next'
);
select tests.look_into('one');
select tests.look_into('team');
select is(pg_temp.shown('Front'), 'one/wide.jpg', 'a banner shows the picture that is ready');
select is(pg_temp.shown('Team'), 'team/wide.jpg', 'and so does the banner of a business');
select tests.act_as_anon();
select is(
    public.home() #>> '{banners,0,image_url}',
    '/storage/v1/object/public/public-media/' || tests.id('one') || '/wide.jpg',
    'the front page has its address'
);
select isnt_empty(
    $$ select 1 from public.media where id = tests.id('one') $$,
    'who reads the banner reads its medium'
);

-- The next one takes its place
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'two');
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'three');
select tests.act_as_owner();
select results_eq(
    $$ select pg_temp.kept() $$, $$ values ('one'), ('team'), ('three') $$,
    'a later upload replaces one that waits, and the shown one stays'
);
select tests.look_into('two');
select is(pg_temp.shown('Front'), 'one/wide.jpg', 'what was replaced is not shown');
select files.refuse_medium(tests.id('three'), 'infected');
select is(pg_temp.shown('Front'), 'one/wide.jpg', 'nor what was refused');
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'four');
select tests.act_as_owner();
select tests.look_into('four');
select results_eq(
    $$ select pg_temp.shown('Front'), array(select pg_temp.kept()) $$,
    $$ values ('four/wide.jpg', '{four,team}'::text[]) $$,
    'the next that is ready takes its place, and the one before is let go'
);

-- Another address
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'five');
select tests.act_as('Ada');
update public.banners set title = 'Summer' where id = tests.id('Front');
select tests.act_as_owner();
select results_eq(
    $$ select pg_temp.kept() $$, $$ values ('five'), ('four'), ('team') $$,
    'another title lets go of nothing'
);
select tests.act_as('Ada');
update public.banners set image_url = 'https://elsewhere.example/new.jpg' where id = tests.id('Front');
select tests.act_as_owner();
select tests.look_into('five');
select results_eq(
    $$ select pg_temp.shown('Front'), array(select pg_temp.kept()) $$,
    $$ values ('https://elsewhere.example/new.jpg', '{team}'::text[]) $$,
    'another address lets go of the pictures, also of the one that waits'
);

-- Whoever goes takes their pictures with them
delete from content.banners where id = tests.id('Team');
select is_empty($$ select pg_temp.kept() $$, 'a deleted banner lets go of its picture');
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'six');
select tests.act_as_owner();
select tests.look_into('six');
select is(pg_temp.shown('Front'), 'six/wide.jpg', 'given a picture of an admin');
select privacy.release_files(tests.id('Ada'));
select is(pg_temp.shown('Front'), null, 'an erased admin leaves no address that leads nowhere');
select tests.upload('Ada', 'banner:' || tests.id('Front'), 'picture', called => 'seven');
select tests.act_as_owner();
select tests.look_into('seven');
delete from files.media where id = tests.id('seven');
select results_eq(
    $$ select image_url, (select count(*) from content.banner_media) from content.banners $$,
    $$ values (null::text, 0::bigint) $$, 'nor does a deleted file'
);

select * from finish();
rollback;
