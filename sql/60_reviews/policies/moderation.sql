-- Authors read the history and the earlier versions of their reviews, platform staff all. Reporters
-- read their own reports; the reviewed business reads none, so nobody is afraid to report.

grant select on reviews.review_history, reviews.review_versions, reviews.review_reports
to authenticated;
grant select, insert, update, delete
on reviews.review_history, reviews.review_versions, reviews.review_reports
to service_role;

create policy review_history_select
on reviews.review_history
for select
to authenticated
using (
    review_id = any(array(select private.my_reviews()))
    or (select private.is_platform_staff('support'))
);

create policy review_versions_select
on reviews.review_versions
for select
to authenticated
using (
    review_id = any(array(select private.my_reviews()))
    or (select private.is_platform_staff('support'))
);

create policy review_reports_select
on reviews.review_reports
for select
to authenticated
using (
    reporter_id = (select auth.uid())
    or (select private.is_platform_staff('support'))
);

-- Ratings are as public as the business.
grant select on reviews.rating_changes, reviews.rating_totals, reviews.rating_counts
to anon, authenticated, service_role;

create policy rating_changes_select
on reviews.rating_changes
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = rating_changes.business_id
    )
);

create policy rating_totals_select
on reviews.rating_totals
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = rating_totals.business_id
    )
);

-- What public functions call. Each of them checks its caller; none is reachable over HTTP.
grant execute on function
reviews.sub_ratings_are_valid(jsonb),
reviews.to_draft(text, text, text, text, text, boolean),
reviews.review_booking(uuid, reviews.draft),
reviews.review_product(uuid, reviews.draft),
reviews.edit_review(uuid, reviews.draft),
reviews.decide(uuid, reviews.review_status, text),
reviews.report(uuid, text),
reviews.reply(uuid, text),
reviews.score(bigint, bigint)
to anon, authenticated, service_role;

grant execute on function
reviews.fold_ratings(integer)
to worker;
grant execute on function
reviews.miscounts()
to service_role;
