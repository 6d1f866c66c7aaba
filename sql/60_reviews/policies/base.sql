-- Everybody reads published reviews of businesses that they can see. Authors read theirs in any
-- status, members those of their business, platform staff all. Clients have no grant on the author,
-- so a review shows nobody's account. Authors delete their reviews; functions write everything
-- else, so that nobody chooses a status.

/*
 * Return the reviews of the signed-in author.
 * Definer: clients have no grant on the author of a review.
 */
create function private.my_reviews()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select reviews.id
    from reviews.reviews
    where reviews.author_id = auth.uid();
end;
$$;
grant execute on function private.my_reviews() to anon, authenticated, service_role;
grant usage on schema reviews to anon, authenticated, service_role, worker;

alter table reviews.settings enable row level security;
alter table reviews.rating_aspects enable row level security;
alter table reviews.reviews enable row level security;
alter table reviews.review_transitions enable row level security;
alter table reviews.review_history enable row level security;
alter table reviews.review_versions enable row level security;
alter table reviews.review_reports enable row level security;
alter table reviews.review_media enable row level security;
alter table reviews.rating_changes enable row level security;
alter table reviews.rating_totals enable row level security;

grant select on reviews.settings to anon, authenticated;
grant select, update on reviews.settings to service_role;

create policy settings_select
on reviews.settings
for select
to anon, authenticated
using (true);

grant select on reviews.rating_aspects to anon;
grant select, delete on reviews.rating_aspects to authenticated;
grant insert (id, business_id, service_category_id, product_category_id, key, name, position)
on reviews.rating_aspects to authenticated;
grant update (id, business_id, service_category_id, product_category_id, key, name, position)
on reviews.rating_aspects to authenticated;
grant select, insert, update, delete on reviews.rating_aspects to service_role;

create policy rating_aspects_select
on reviews.rating_aspects
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = rating_aspects.business_id
    )
);

create policy rating_aspects_insert
on reviews.rating_aspects
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy rating_aspects_update
on reviews.rating_aspects
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy rating_aspects_delete
on reviews.rating_aspects
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Never author_id and replied_by.
grant select (
    id, business_id, booking_id, sale_line_id, service_ids, resource_ids, product_id, author_name,
    rating, sub_ratings, body, locale, status, status_reason, version, created_at, published_at,
    edited_at, reply, replied_at
) on reviews.reviews to anon, authenticated;
grant delete on reviews.reviews to authenticated;
grant select, insert, update, delete on reviews.reviews to service_role;

create policy reviews_select_public
on reviews.reviews
for select
to anon
using (
    status = 'published'
    and exists (
        select 1
        from business.businesses
        where businesses.id = reviews.business_id
    )
);

create policy reviews_select
on reviews.reviews
for select
to authenticated
using (
    author_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
    or status = 'published'
    and exists (
        select 1
        from business.businesses
        where businesses.id = reviews.business_id
    )
);

create policy reviews_delete
on reviews.reviews
for delete
to authenticated
using (author_id = (select auth.uid()));

grant select on reviews.review_transitions to anon, authenticated, service_role;

create policy review_transitions_select
on reviews.review_transitions
for select
to anon, authenticated
using (true);

-- Photos are read like their media. Authors take theirs out.
grant select on reviews.review_media to anon;
grant select, delete on reviews.review_media to authenticated;
grant select, insert, update, delete on reviews.review_media to service_role;

create policy review_media_select
on reviews.review_media
for select
to anon, authenticated
using (
    exists (
        select 1
        from files.media
        where media.id = review_media.media_id
    )
);

create policy review_media_delete
on reviews.review_media
for delete
to authenticated
using (review_id = any(array(select private.my_reviews())));
