-- Pages, their versions, and terms that people accept.
begin;
select plan(49);

select tests.person('Ada');
select tests.person('Nora');
select tests.person('Cleo');
select tests.business('Loft', owned_by => 'Nora');
select identity.set_platform_role(tests.id('Ada'), 'admin');
select tests.service('Cut', 'Loft');
select tests.resource('Nadia', 'Loft');
select tests.takes('Cut', 'Nadia');
select tests.hours('Loft');
select tests.at('2031-03-03T08:00Z');

select tests.act_as('Cleo');
select throws_ok(
    $$ select public.save_page('terms', 'en', 'Terms', 'Pay.') $$, 'PT403',
    'Only the platform''s staff may do this.', 'a customer writes no page of the platform'
);
select throws_ok(
    $$ select public.save_page('prices', 'en', 'Prices', 'Low.', business_id => tests.id('Loft')::text) $$,
    'PT403', null, 'or of a business'
);

select tests.act_as('Ada');
select lives_ok(
    $$ select public.save_page('terms', 'en', 'Terms', 'Pay.', is_terms => 'true', is_listed => 'true') $$,
    'an admin writes terms'
);
select lives_ok(
    $$ select public.save_page('terms', 'de', 'AGB', 'Bezahlen.') $$, 'in another language as well'
);
select throws_ok(
    $$ select public.save_page('terms', 'fr', 'CGV', 'Payer <script>alert(1)</script>') $$, 'PT400',
    'body must be Markdown without HTML and without links to scripts.', 'HTML is refused'
);
select throws_ok(
    $$ select public.save_page('terms', 'fr', 'CGV', '[ici](JavaScript:alert(1))') $$, 'PT400',
    'body must be Markdown without HTML and without links to scripts.', 'a link to a script as well'
);
select throws_ok(
    $$ select public.save_page('terms', 'english', 'Terms', 'Pay.') $$, 'PT400',
    'locale must be a language tag, such as en or de-AT.', 'a language has a tag'
);
select is_empty(
    $$ select 1 from public.pages where slug = 'terms' $$, 'a draft is no page'
);
select results_eq(
    $$ select locale, version, published_at from public.page_versions where slug = 'terms' order by 1 $$,
    $$ values ('de', 1, null::timestamptz), ('en', 1, null) $$, 'its writers see it'
);

select tests.act_as_anon();
select is_empty(
    $$ select 1 from public.page_versions where slug = 'terms' $$, 'nobody else does'
);
select throws_ok(
    $$ select public.page('terms') $$, 'PT404', 'There is no such page.', 'or reads it'
);

select tests.act_as('Ada');
select results_eq(
    $$ select locale, version from public.publish_page((
           select distinct page_id::text from public.page_versions where slug = 'terms')) order by 1 $$,
    $$ values ('de', 1), ('en', 1) $$, 'a version is published in all its languages'
);
select throws_ok(
    $$ select public.publish_page((select distinct id::text from public.pages where slug = 'terms')) $$,
    'PT409', 'This page has no draft.', 'and only once'
);

select tests.act_as_anon();
select is(
    (public.page('terms', locale => 'de-AT')).title, 'AGB', 'a reader gets the language without its region'
);
select is(
    (public.page('terms', locale => 'ja')).title, 'Terms', 'or English where there is none'
);
select set_config('request.headers', '{"accept-language": "ja, en;q=0.3, de-CH;q=0.8"}', true);
select is(
    (public.page('terms')).title, 'AGB', 'Accept-Language is read by its weights'
);
select set_config('request.headers', '', true);

select tests.act_as_owner();
select throws_ok(
    $$ update content.page_texts set body = 'Pay twice.' $$, 'PT409',
    'A published version never changes.', 'nobody rewrites what was published, not even the owner of the database'
);
select throws_ok(
    $$ insert into content.page_texts (page_id, version, locale, title, body)
       select page_id, version, 'fr', 'CGV', 'Payer.' from content.page_versions $$, 'PT409',
    'A published version never changes.', 'or adds a language to it'
);
select throws_ok(
    $$ delete from content.page_versions $$, 'PT409', 'History cannot be changed.', 'or deletes it'
);
select throws_ok(
    $$ truncate content.page_texts $$, 'PT409', 'History cannot be changed.', 'or empties the table'
);

select tests.act_as('Ada');
select lives_ok(
    $$ select public.save_page('terms', 'en', 'Terms', 'Pay soon.') $$, 'the next text is a new draft'
);
select results_eq(
    $$ select locale, body from public.page_versions where slug = 'terms' and version = 2 order by 1 $$,
    $$ values ('de', 'Bezahlen.'), ('en', 'Pay soon.') $$, 'it keeps the other languages'
);
select is(
    (public.page('terms')).body, 'Pay.', 'readers still get the published version'
);

-- Terms.
select lives_ok(
    $$ select public.require_terms('terms', to_buy => 'true') $$, 'an admin requires terms of buyers'
);
select throws_ok(
    $$ select public.take_page_down((select distinct id::text from public.pages where slug = 'terms')) $$,
    'PT409', 'People must accept these terms.', 'and cannot take them down then'
);
select tests.act_as('Cleo');
select throws_ok(
    $$ select public.require_terms('terms', to_buy => 'false') $$, 'PT403',
    'Only the platform''s staff may do this.', 'nobody else changes that'
);
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-03-04T10:00Z') $$, 'PT409',
    'Accept the terms first: terms version 1.', 'a customer cannot book without accepting them'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-03-04T14:00Z', hold => 'true') $$,
    'but can hold a time meanwhile'
);
select throws_ok(
    $$ select public.accept_terms('terms', '2') $$, 'PT409', 'Version 1 is in force.',
    'nobody accepts what is not in force'
);
select throws_ok(
    $$ select public.accept_terms('nothing', '1') $$, 'PT404', 'There are no such terms.',
    'or what does not exist'
);
select lives_ok(
    $$ select public.accept_terms('terms', '1', 'de') $$, 'a customer accepts the version in force'
);
select lives_ok(
    $$ select public.accept_terms('terms', '1', 'en') $$, 'accepting again changes nothing'
);
select results_eq(
    $$ select slug, version, locale, accepted_at from public.terms_acceptances $$,
    $$ values ('terms', 1, 'de', '2031-03-03T08:00Z'::timestamptz) $$, 'the acceptance names the version'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-03-04T10:00Z') $$, 'then the customer books'
);
select results_eq(
    $$ select slug, version from public.sale_terms
       where sale_id = (select sale_id from public.bookings where starts_at = '2031-03-04T10:00Z') $$,
    $$ values ('terms', 1) $$, 'and the booking''s sale keeps the version'
);

select tests.act_as('Ada');
select count(*) from public.publish_page((select distinct id::text from public.pages where slug = 'terms'));
select tests.act_as('Cleo');
select throws_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-03-04T12:00Z') $$, 'PT409',
    'Accept the terms first: terms version 2.', 'a new version must be accepted again'
);
select tests.act_as('Nora');
select lives_ok(
    $$ select public.book_for(
           service_id => tests.id('Cut')::text, starts_at => '2031-03-04T12:00Z', customer_name => 'Walk In') $$,
    'a member books for a walk-in all the same'
);
select results_eq(
    $$ select version from public.sale_terms where business_id = tests.id('Loft') $$,
    $$ values (1) $$, 'members read the terms of their sales'
);

-- Pages of a business.
select lives_ok(
    $$ select public.save_page('prices', 'en', 'Prices', 'Low.', business_id => tests.id('Loft')::text) $$,
    'an owner writes a page of the business'
);
select throws_ok(
    $$ select public.save_page(
           'rules', 'en', 'Rules', 'Low.', business_id => tests.id('Loft')::text, is_terms => 'true') $$,
    'PT400', 'is_terms is only for public pages of the platform.', 'but no terms'
);
select count(*) from public.publish_page((select page_id::text from public.page_versions where slug = 'prices'));
select tests.act_as_anon();
select is(
    (public.page('prices', business_id => tests.id('Loft')::text)).body, 'Low.', 'everybody reads it'
);

-- A page that needs an entitlement.
select tests.act_as('Nora');
select throws_ok(
    $$ select public.save_page('vip', 'en', 'VIP', 'X', entitlement => 'gold_member') $$, 'PT403', null,
    'an owner gates no page of the platform'
);
select lives_ok(
    $$ select public.save_page('vip', 'en', 'VIP', 'Secret.', business_id => tests.id('Loft')::text,
                               entitlement => 'gold_member') $$, 'but pages of the business'
);
select count(*) from public.publish_page((select page_id::text from public.page_versions where slug = 'vip'));
select tests.act_as_owner();
insert into customers.entitlements (business_id, customer_id, access, during)
select business_id, id, 'gold_member', tstzrange('2031-03-01Z', '2031-03-20T12:00Z')
from customers.customers
where user_id = tests.id('Cleo');
select tests.act_as_anon();
select is_empty($$ select 1 from public.pages where slug = 'vip' $$, 'strangers do not read it');
select tests.act_as('Ada');
select is_empty($$ select 1 from public.page_versions where slug = 'vip' $$, 'and nobody without the entitlement, in any version');
select tests.act_as('Cleo');
select tests.at('2031-03-20T11:59:59Z');
select is((public.page('vip', business_id => tests.id('Loft')::text)).body, 'Secret.', 'who has it reads the page');
select tests.at('2031-03-20T12:00:00Z');
select is_empty($$ select 1 from public.pages where slug = 'vip' $$, 'until the instant at which it ends');
select is_empty($$ select 1 from content.page_texts where body = 'Secret.' $$, 'and its text is hidden as well');
select tests.act_as_owner();
update business.businesses set is_active = false where id = tests.id('Loft');
select tests.act_as_anon();
select is_empty(
    $$ select 1 from public.pages where slug = 'prices' $$, 'until the business is closed to the public'
);

select * from finish();
rollback;
