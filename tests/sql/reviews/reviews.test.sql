-- Customers review what they had: once, when it is over. They edit and delete what they wrote,
-- others report it, moderators decide, and the business replies. The ratings follow at every step.
begin;
select plan(64);

-- Given a salon with a manager and two people who give its services, three customers, and a
-- moderator
select tests.at('2031-05-05 08:00Z');
select
    tests.person('owner'), tests.person('manager'), tests.person('stylist'), tests.person('mia'),
    tests.person('noah'), tests.person('lea'), tests.person('rival'), tests.person('judge');
select tests.business('Salon', 'owner'), tests.business('Rival', 'rival');
select tests.member('manager', 'Salon', 'manager'), tests.member('stylist', 'Salon', 'staff');
select tests.resource('Ann', 'Salon'), tests.resource('Ben', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon'), tests.service('Colour', 'Salon');
select tests.takes('Cut', 'Ann'), tests.takes('Colour', 'Ben');
select identity.set_platform_role(tests.id('judge'), 'support');
update identity.profiles set full_name = 'Mia van der Meer' where id = tests.id('mia');
update identity.profiles set full_name = 'noah@example.com' where id = tests.id('noah');
insert into reviews.rating_aspects (business_id, key, name)
values (tests.id('Salon'), 'cleanliness', 'Cleanliness');

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.rating_of(called text) returns text
language sql stable security invoker set search_path = ''
as $$
select rating_count || ' × ' || average
from public.rating_summaries where subject_id = tests.id(called) and aspect is null
$$;
create function tests.completed(called text, by_person text, service text, start text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.act_as(by_person);
    perform tests.note(called, (public.book(tests.id(service)::text, start)).id);
    perform tests.act_as_owner();
    perform tests.at(start::timestamptz);
    perform public.complete_booking(tests.id(called)::text);
    perform tests.at('2031-05-05 08:00Z');
end;
$$;
create function tests.review(called text, booking text, rating text, body text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(
        called, (public.review_booking(tests.id(booking)::text, rating, body)).id
    );
end;
$$;
create function tests.count_of(relation text) returns bigint
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_count bigint;
begin
    execute 'select count(*) from ' || relation into v_count;
    return v_count;
end;
$$;
select tests.completed('cut of mia', 'mia', 'Cut', '2031-05-06T09:00:00Z');
select tests.completed('cut of noah', 'noah', 'Cut', '2031-05-06T11:00:00Z');
select tests.completed('colour of mia', 'mia', 'Colour', '2031-05-06T13:00:00Z');
select tests.act_as('lea');
select tests.note('confirmed', (public.book(tests.id('Cut')::text, '2031-05-06T14:00:00Z')).id);
select tests.note('cancelled', (public.book(tests.id('Cut')::text, '2031-05-06T15:00:00Z')).id);
select public.cancel_booking(tests.id('cancelled')::text);

-- What can be reviewed
select tests.at('2031-05-06 09:59Z');
select tests.act_as('mia');
select throws_ok(
    $$ select public.review_booking(tests.id('cut of mia')::text, '5') $$,
    'PT422', 'A booking can be reviewed when it is over.',
    'a booking that was completed early is reviewed when its time is over, and not before'
);
select tests.at('2031-05-07 09:00Z');
select throws_ok(
    $$ select public.review_booking(tests.id('cut of noah')::text, '5') $$,
    'PT404', 'There is no such booking.', 'nobody reviews the booking of another customer'
);
select throws_ok(
    $$ select public.review_booking(tests.id('cut of mia')::text, '6') $$,
    'PT400', 'rating must be a whole number from 1 to 5.', 'a rating is from 1 to 5'
);
select throws_ok(
    $$ select public.review_booking(tests.id('cut of mia')::text, '5', sub_ratings => '{"noise": 5}') $$,
    'PT400', 'sub_ratings.noise is no key of rating_aspects that apply.',
    'sub-ratings are those of the business'
);
select throws_ok(
    $$ select public.review_booking(tests.id('cut of mia')::text, '5', sub_ratings => '{"cleanliness": 6}') $$,
    'PT400', 'sub_ratings must map at most 20 keys of rating_aspects to whole numbers from 1 to 5.',
    'and are from 1 to 5 as well'
);
select lives_ok(
    $$
    select tests.note('first', (public.review_booking(
        tests.id('cut of mia')::text, '5', 'A very good cut.', '{"cleanliness": 4}', 'en'
    )).id)
    $$,
    'the customer of a booking that is over reviews it'
);
select throws_ok(
    $$ select public.review_booking(tests.id('cut of mia')::text, '1') $$,
    'PT409', 'There is a review of this already.', 'once'
);
select tests.act_as('lea');
select lives_ok(
    $$ select tests.review('of lea', 'confirmed', '2', 'Nobody completed it.') $$,
    'a confirmed booking whose end has passed is reviewed, too'
);
select throws_ok(
    $$ select public.review_booking(tests.id('cancelled')::text, '1') $$,
    'PT409', 'A booking that is cancelled cannot be reviewed.', 'a cancelled one is not'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.review_booking(tests.id('cut of noah')::text, '1') $$,
    'PT401', 'Sign in first.', 'nobody reviews without signing in'
);
select tests.act_as('noah');
select tests.review('of noah', 'cut of noah', '3', 'It was late.');

-- What everybody reads
select tests.act_as_anon();
select results_eq(
    $$
    select author_name, rating::integer from public.business_reviews
    where business_id = tests.id('Salon') order by published_at, rating desc
    $$,
    $$ values ('Mia M.', 5), (null, 3), (null, 2) $$,
    'everybody reads published reviews, with a display name that is never an address'
);
select is_empty(
    $$ select 1 from public.reviews where booking_id is not null or is_mine $$,
    'and not of which booking they are'
);
select throws_ok(
    $$ select author_id from reviews.reviews $$, '42501', null, 'or by which account'
);
select is(tests.rating_of('Salon'), '3 × 3.33', 'the business has its ratings');
select is(tests.rating_of('Cut'), '3 × 3.33', 'so has the service');
select is(tests.rating_of('Ann'), '3 × 3.33', 'so has who gave it');
select is(tests.rating_of('Ben'), null, 'and nobody else');
select is(
    (
        select average || ' ' || histogram::text from public.rating_summaries
        where subject_id = tests.id('Salon') and aspect = 'cleanliness'
    ),
    '4.00 {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0}', 'aspects have theirs'
);
select is(
    (
        select score from public.rating_summaries
        where subject_id = tests.id('Salon') and aspect is null
    ),
    round((5 * 3.5 + 10) / (5 + 3), 3), 'the score is as if five reviews of 3.5 had come before'
);

-- Editing
select tests.act_as('mia');
select is(
    (public.edit_review(tests.id('first')::text, rating => '4')).version, 2,
    'the author edits a review'
);
select is(
    (select rating || ' ' || body from public.review_versions where review_id = tests.id('first')),
    '5 A very good cut.', 'and what it said before is kept'
);
select is(tests.rating_of('Salon'), '3 × 3.00', 'the ratings follow');
select is(
    (public.edit_review(tests.id('first')::text, rating => '4')).version, 2,
    'the same text again is no version'
);
select throws_ok(
    $$ select public.edit_review(tests.id('of lea')::text, rating => '4') $$,
    'PT404', 'There is no such review of yours.', 'nobody edits the review of another'
);
select tests.at('2031-06-07 09:00Z');
select throws_ok(
    $$ select public.edit_review(tests.id('first')::text, rating => '1') $$,
    'PT422', 'This review is too old to be edited.', 'after a month nobody edits it'
);
select tests.at('2031-05-08 09:00Z');

-- The reply
select tests.act_as('rival');
select throws_ok(
    $$ select public.reply_to_review(tests.id('first')::text, 'Come to us.') $$,
    'PT403', null, 'another business does not reply'
);
select tests.act_as('stylist');
select throws_ok(
    $$ select public.reply_to_review(tests.id('first')::text, 'Thanks.') $$,
    'PT403', null, 'nor do staff'
);
select tests.act_as('manager');
select is(
    (public.reply_to_review(tests.id('first')::text, 'Thank you!')).reply, 'Thank you!',
    'a manager replies'
);
select throws_ok(
    $$ select public.reply_to_review(tests.id('first')::text, 'And again.') $$,
    'PT409', 'The business has replied to this review already.', 'once'
);
select is(
    (public.withdraw_reply(tests.id('first')::text)).reply, null, 'takes the reply back'
);
select is(
    (public.reply_to_review(tests.id('first')::text, 'Thanks!')).reply, 'Thanks!',
    'and may then reply again'
);

-- Reports
select tests.act_as('noah');
select throws_ok(
    $$ select public.report_review(tests.id('of noah')::text, 'Not good.') $$,
    'PT403', null, 'nobody reports their own review'
);
select public.report_review(tests.id('of lea')::text, 'Never seen here.');
select public.report_review(tests.id('of lea')::text, 'Never seen here, I say.');
select tests.act_as('owner');
select public.report_review(tests.id('of lea')::text, 'Not our customer.');
select tests.act_as('manager');
select public.report_review(tests.id('of lea')::text, 'Not our customer.');
select is(
    (select status::text from public.reviews where id = tests.id('of lea')), 'published',
    'each person counts once, and the members of the business as one'
);
select is_empty($$ select 1 from public.review_reports where not is_member $$, 'the business does not learn who else reported');
select tests.act_as('rival');
select public.report_review(tests.id('of lea')::text, 'Spam.');
select is_empty(
    $$ select 1 from public.business_reviews where id = tests.id('of lea') $$,
    'the third report flags a review: nobody reads it'
);
select is(tests.rating_of('Salon'), '2 × 3.50', 'and it is not counted');
select tests.act_as('lea');
select is(
    (select status_reason from public.reviews where id = tests.id('of lea')),
    'Reported by 3 people', 'its author sees why'
);
select throws_ok(
    $$ select public.edit_review(tests.id('of lea')::text, rating => '3') $$,
    'PT409', 'A review that is flagged cannot be edited.', 'and waits for a moderator'
);

-- Moderation
select tests.act_as('owner');
select throws_ok(
    $$ select public.moderate_review(tests.id('of lea')::text, 'hidden', 'Bad for us.') $$,
    'PT403', null, 'the business does not moderate'
);
select tests.act_as('judge');
select is(
    (public.moderate_review(tests.id('of lea')::text, 'published')).status::text, 'published',
    'staff of the platform do'
);
select throws_ok(
    $$ select public.moderate_review(tests.id('of lea')::text, 'rejected', 'No.') $$,
    'PT409', 'A review that is published cannot become rejected.',
    'only the steps that exist'
);
select throws_ok(
    $$ select public.moderate_review(tests.id('of lea')::text, 'hidden') $$,
    'PT400', 'reason is required.', 'with a reason'
);
select throws_ok(
    $$ select public.moderate_review(tests.id('of lea')::text, 'delete') $$,
    'PT400', 'decision must be published, rejected, flagged or hidden.', 'by known words'
);
select is(
    (public.moderate_review(tests.id('of lea')::text, 'hidden', 'Insults somebody.')).status::text,
    'hidden', 'they hide a review'
);
select is(
    (public.moderate_review(tests.id('of lea')::text, 'hidden', 'Again.')).status_reason,
    'Insults somebody.', 'the same decision again changes nothing'
);
select tests.act_as_anon();
select is_empty(
    $$ select 1 from public.business_reviews where id = tests.id('of lea') $$,
    'a hidden review is not in the list'
);
select is(tests.rating_of('Cut'), '2 × 3.50', 'and not in the ratings');
select tests.act_as_owner();
select throws_ok(
    $$ update reviews.reviews set status = 'pending' where id = tests.id('of lea') $$,
    'PT409', 'A review that is hidden cannot become pending.', 'on no path'
);
select throws_ok(
    $$ delete from reviews.review_history $$, 'PT409', null, 'and nobody rewrites its history'
);

-- Deleting
select tests.act_as('noah');
delete from public.reviews where id = tests.id('of lea');
delete from public.reviews where id = tests.id('first');
select tests.act_as('owner');
delete from public.reviews where id = tests.id('first');
select is(tests.count_of('reviews.reviews'), 3::bigint, 'nobody deletes the review of another');
select tests.act_as('lea');
delete from public.reviews where id = tests.id('of lea');
select is(tests.count_of('reviews.reviews'), 2::bigint, 'its author does');
select tests.act_as_owner();
select results_eq(
    $$
    select from_status::text, to_status::text, actor_id from reviews.review_history
    where review_id = tests.id('of lea') order by id
    $$,
    $$
    values
    (null, 'published', tests.id('lea')), ('published', 'flagged', tests.id('rival')),
    ('flagged', 'published', tests.id('judge')), ('published', 'hidden', tests.id('judge')),
    ('hidden', null, tests.id('lea'))
    $$,
    'and what happened stays known'
);
select tests.act_as('lea');
select tests.review('again', 'confirmed', '1', 'As I said.');
select is(
    (select status::text from public.reviews where id = tests.id('again')), 'pending',
    'a new review of what was taken down waits for a moderator'
);

-- Where moderators publish
select tests.act_as_owner();
update reviews.settings set is_published_at_once = false;
select tests.act_as('mia');
select tests.review('waiting', 'colour of mia', '5', 'Lovely.');
select is(tests.rating_of('Ben'), null, 'a review that waits is not counted');
select tests.act_as('judge');
select public.moderate_review(tests.id('waiting')::text, 'published');
select is(tests.rating_of('Ben'), '1 × 5.00', 'it is counted when a moderator publishes it');
select tests.act_as('mia');
select is(
    (public.edit_review(tests.id('waiting')::text, body => 'Lovely!')).status::text, 'pending',
    'and waits again when it is edited'
);

-- Folding
select tests.act_as_owner();
select is_empty($$ select * from reviews.miscounts() $$, 'the ratings equal a recount');
select cmp_ok(reviews.fold_ratings(3), '=', 3, 'a worker folds some changes');
select is_empty($$ select * from reviews.miscounts() $$, 'they still do');
select cmp_ok(reviews.fold_ratings(1000), '>', 0, 'it folds the others');
select is_empty($$ select * from reviews.miscounts() $$, 'and they do without changes');

-- A booking that is deleted takes its review along
select lives_ok(
    $$
    delete from scheduling.bookings
    where id in (select booking_id from reviews.reviews where id = tests.id('first'))
    $$,
    'a booking with a review can be deleted'
);
select is_empty(
    $$ select 1 from reviews.review_history where review_id = tests.id('first') $$,
    'the review goes with it, and what was recorded of it'
);
select is_empty($$ select * from reviews.miscounts() $$, 'and its stars do not count any more');

select * from finish();
rollback;
