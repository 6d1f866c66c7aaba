-- Everybody reads the banners that are live and the businesses that are featured now. Admins write
-- those of the platform, owners and managers the banners of their business.

alter table content.settings enable row level security;
alter table content.banners enable row level security;
alter table content.featured_businesses enable row level security;
alter table content.trending_categories enable row level security;

grant select, update on content.settings to service_role;
grant select on content.banners, content.featured_businesses, content.trending_categories
to anon, authenticated;
grant insert (
    id, business_id, place, locale, priority, title, body, image_url, link_url, starts_at, ends_at
) on content.banners to authenticated;
grant update (
    id, business_id, place, locale, priority, title, body, image_url, link_url, starts_at, ends_at
) on content.banners to authenticated;
grant insert (id, business_id, position, starts_at, ends_at)
on content.featured_businesses to authenticated;
grant update (id, business_id, position, starts_at, ends_at)
on content.featured_businesses to authenticated;
grant delete on content.banners, content.featured_businesses to authenticated;
grant select, insert, update, delete on content.banners, content.featured_businesses
to service_role;
grant select on content.trending_categories to service_role;
-- No writes on trending categories: content.count_trending counts them.

create policy banners_select_public
on content.banners
for select
to anon
using (
    starts_at <= (select private.now())
    and (ends_at is null or ends_at > (select private.now()))
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = banners.business_id
        )
    )
);

create policy banners_select
on content.banners
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or (select private.is_platform_staff('admin'))
    or starts_at <= (select private.now())
    and (ends_at is null or ends_at > (select private.now()))
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = banners.business_id
        )
    )
);

create policy banners_insert
on content.banners
for insert
to authenticated
with check (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
);

create policy banners_update
on content.banners
for update
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
)
with check (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
);

create policy banners_delete
on content.banners
for delete
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('admin'))
);

create policy featured_businesses_select_public
on content.featured_businesses
for select
to anon
using (
    starts_at <= (select private.now())
    and ends_at > (select private.now())
    and exists (
        select 1 from business.businesses
        where businesses.id = featured_businesses.business_id
    )
);

create policy featured_businesses_select
on content.featured_businesses
for select
to authenticated
using (
    (select private.is_platform_staff('admin'))
    or starts_at <= (select private.now())
    and ends_at > (select private.now())
    and exists (
        select 1 from business.businesses
        where businesses.id = featured_businesses.business_id
    )
);

create policy featured_businesses_insert
on content.featured_businesses
for insert
to authenticated
with check ((select private.is_platform_staff('admin')));

create policy featured_businesses_update
on content.featured_businesses
for update
to authenticated
using ((select private.is_platform_staff('admin')))
with check ((select private.is_platform_staff('admin')));

create policy featured_businesses_delete
on content.featured_businesses
for delete
to authenticated
using ((select private.is_platform_staff('admin')));

create policy trending_categories_select
on content.trending_categories
for select
to anon, authenticated
using (true);

grant usage on schema content to worker;
grant execute on function content.count_trending() to worker;
