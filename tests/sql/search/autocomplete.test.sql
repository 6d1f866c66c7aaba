-- Somebody types, and gets suggestions that they may see.
begin;
select plan(17);

-- Given two shops, one of which closed
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Closed', 'stranger');
select tests.service('Chair repair', 'Shop', 60, 5000);
update business.businesses set status = 'suspended' where id = tests.id('Closed');
insert into catalog.products (business_id, name, slug, currency, is_published, access)
values
(tests.id('Shop'), 'Chair', 'chair', 'EUR', true, null),
(tests.id('Shop'), 'Chair', 'chair-again', 'EUR', true, null),
(tests.id('Shop'), 'Élan chest', 'elan-chest', 'EUR', true, null),
(tests.id('Shop'), 'Chess for members', 'chess', 'EUR', true, 'gold'),
(tests.id('Shop'), 'Chisel', 'chisel', 'EUR', false, null),
(tests.id('Closed'), 'Chain', 'chain', 'EUR', true, null);
create function tests.suggested(q text, kinds text default null)
returns text
language sql
as $$
    select coalesce(string_agg(name, ', '), '') from public.autocomplete(q, kinds)
$$;

select tests.act_as_anon();
select is(tests.suggested('chair'), 'Chair, Chair repair', 'Each name is suggested once');
select is(tests.suggested('CH'), 'Chair, Chair repair, Élan chest', 'Names that begin come before names that contain');
select is(tests.suggested('che'), 'Élan chest', 'Nothing that asks for an entitlement is suggested');
select is(tests.suggested('chai', '["service"]'), 'Chair repair', 'Only kinds that were asked for');
select is(tests.suggested('elan ch'), 'Élan chest', 'Accents do not matter');
select is(tests.suggested('chiar'), 'Chair, Chair repair', 'A typing error is corrected');
select is(tests.suggested('chis'), '', 'Nothing that is not published is suggested');
select is(tests.suggested('chain'), 'Chair, Chair repair', 'Nothing of a suspended business is suggested');
select is(tests.suggested('🪑'), '', 'A text without letters has no suggestions');
select is(tests.suggested('&|!'''), '', 'Operators alone have no suggestions');
select is(tests.suggested('cha & | ! '' rep'), '', 'Only the last word may be unfinished');
select is(tests.suggested('chair & | ! '' re'), 'Chair repair', 'Operators are no operators');
select is(tests.suggested('the and of'), '', 'Common words alone have no suggestions');
select is(tests.suggested('שולחן'), '', 'A text from right to left is no error');
select throws_like($$select public.autocomplete('')$$, 'q %', 'An empty text is refused');
select throws_like($$select public.autocomplete(repeat('a', 10000))$$, 'q %', 'A long text is refused');

select tests.act_as('owner');
select is(tests.suggested('che'), 'Chess for members, Élan chest', 'A member of the business sees more');

select * from finish();
rollback;
