-- Who bought a product reviews it when it has arrived; reviews have photos; and a person who is
-- erased leaves the stars and nothing else.
begin;
select plan(19);

-- Given a shop whose oil Cora ordered, and a salon visit of hers
select tests.at('2031-05-01 08:00Z');
select tests.person('owner'), tests.person('cora'), tests.person('dan');
select tests.business('Shop', 'owner');
update identity.profiles set full_name = 'Cora Nanette Diaz' where id = tests.id('cora');
select tests.named('Mitte'), tests.named('Oil');
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('Oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 900);
select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('Oil')::text, '5', 'received');
select tests.act_as_owner();
create function pg_temp.ordered()
returns void
language plpgsql
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), tests.id('cora'), 'Cora', null, null,
        pricing.quote(
            array[pricing.make_line('product', 'Oil', 1, 0, 'EUR',
                jsonb_build_object('variant_id', tests.id('Oil')), tests.id('Oil'))],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), tests.id('cora'))
        )
    );
    v_order uuid = commerce.place_order(
        tests.id('Shop'), v_sale, tests.id('cora'),
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array(
            select (id, variant_id, tests.id('Mitte'), 'OIL', 'Oil', 1, 1)::commerce.order_line
            from sales.sale_lines where sale_id = v_sale
        ),
        null, false
    );
begin
    insert into tests.names (name, id) values ('order', v_order);
    insert into tests.names (name, id)
    select 'line', id from sales.sale_lines where sale_id = v_sale;
end;
$$;
select pg_temp.ordered();

-- Verified purchases
select tests.act_as('cora');
select throws_ok(
    $$ select public.review_product(tests.id('line')::text, '5') $$,
    'PT409', 'This product was not delivered yet.', 'what has not arrived is not reviewed'
);
select tests.act_as('owner');
select public.hand_over_order(tests.id('order')::text);
select tests.act_as('dan');
select throws_ok(
    $$ select public.review_product(tests.id('line')::text, '1') $$,
    'PT404', 'There is no such product among your purchases.', 'nor by anybody else'
);
select tests.act_as('cora');
select is(
    (public.review_product(tests.id('line')::text, '4', 'Smells of lavender.')).author_name, 'Cora D.',
    'who bought it reviews it when it was delivered'
);
select throws_ok(
    $$ select public.review_product(tests.id('line')::text, '5') $$,
    'PT409', 'There is a review of this already.', 'once'
);
select tests.act_as_owner();
insert into tests.names (name, id) select 'review', id from reviews.reviews;
select tests.act_as_anon();
select results_eq(
    $$
    select subject::text, rating_count, average from public.rating_summaries
    where business_id = tests.id('Shop') order by subject
    $$,
    $$ values ('business', 1::bigint, 4.00), ('product', 1::bigint, 4.00) $$,
    'the product and the business have the rating'
);

-- Photos
select tests.act_as('dan');
select throws_ok(
    $$ select public.create_upload('review:' || tests.id('review'), 'photo', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such review of yours.', 'nobody adds a photo to the review of another'
);
select tests.upload('cora', 'review:' || tests.id('review'), 'photo', called => 'Photo');
select tests.act_as_anon();
select is_empty($$ select 1 from public.review_media $$, 'nobody sees a photo that a worker looks into');
select tests.act_as_owner();
select tests.look_into('Photo');
select tests.act_as_anon();
select results_eq(
    $$ select media_id from public.review_media where review_id = tests.id('review') $$,
    $$ values (tests.id('Photo')) $$, 'when it is ready, everybody sees it'
);
select tests.act_as_owner();
select lives_ok(
    $$ select public.moderate_review(tests.id('review')::text, 'hidden', 'Test.') $$,
    'the operator hides the review'
);
select tests.act_as_anon();
select is_empty($$ select 1 from public.review_media $$, 'and nobody sees its photo');
select is_empty($$ select 1 from public.rating_summaries $$, 'or a rating');
select tests.act_as_owner();
select public.moderate_review(tests.id('review')::text, 'published');
update reviews.settings set is_published_at_once = false;
select tests.upload('cora', 'review:' || tests.id('review'), 'photo', called => 'Second');
select is(
    (select status::text from public.reviews where id = tests.id('review')), 'pending',
    'where moderators publish, a new photo waits for them'
);
select tests.act_as('dan');
delete from public.review_media;
select tests.act_as('cora');
delete from public.review_media where media_id = tests.id('Second');
select results_eq(
    $$ select media_id from public.review_media $$, $$ values (tests.id('Photo')) $$,
    'the author takes one out, and nobody else does'
);

-- Export and erasure
select tests.act_as_owner();
select public.moderate_review(tests.id('review')::text, 'published');
select tests.act_as('cora');
select public.edit_review(tests.id('review')::text, body => 'Smells of rose.');
select tests.act_as_owner();
select public.moderate_review(tests.id('review')::text, 'published');
create function pg_temp.person() returns privacy.person
language sql
as $$
select privacy.find_person(tests.id('cora'), privacy.contacts_of(tests.id('cora')), null, null)
$$;
select is(
    privacy.export_rows(pg_temp.person()) #>> '{reviews.reviews,0,body}', 'Smells of rose.',
    'an export has the reviews of a person'
);
select is(
    privacy.export_rows(pg_temp.person()) #>> '{reviews.review_versions,0,body}',
    'Smells of lavender.', 'and what they said before'
);
select lives_ok($$ select privacy.erase_rows(pg_temp.person()) $$, 'the person is erased');
select is_empty($$ select tests.finds('Smells of') $$, 'their words are gone');
select results_eq(
    $$ select rating::integer, author_name, body from public.business_reviews $$,
    $$ values (4, null::text, null::text) $$, 'their stars stay'
);
select is_empty($$ select * from reviews.miscounts() $$, 'and are counted as before');

select * from finish();
rollback;
