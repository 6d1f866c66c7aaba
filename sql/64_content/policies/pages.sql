-- Everybody reads published pages, except those that need an entitlement: these are readable for
-- as long as the reader has it, and not an instant longer. Writers read everything of theirs, and
-- write with functions alone.

grant usage on schema content to anon, authenticated, service_role;

alter table content.pages enable row level security;
alter table content.page_versions enable row level security;
alter table content.page_texts enable row level security;
alter table content.sale_terms enable row level security;

grant select on content.pages, content.page_versions, content.page_texts to anon, authenticated;
grant select on content.sale_terms to authenticated;
grant select on content.pages, content.page_versions, content.page_texts, content.sale_terms
to service_role;

create policy pages_select_public
on content.pages
for select
to anon
using (
    is_active
    and entitlement is null
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = pages.business_id
        )
    )
);

create policy pages_select
on content.pages
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or business_id is null and (select private.is_platform_staff('admin'))
    or is_active
    and (
        business_id is null
        or exists (
            select 1 from business.businesses
            where businesses.id = pages.business_id
        )
    )
    and (entitlement is null or (select customers.is_entitled(business_id, entitlement)))
);

create policy page_versions_select_public
on content.page_versions
for select
to anon
using (
    published_at is not null
    and exists (
        select 1 from content.pages
        where pages.id = page_versions.page_id
    )
);

create policy page_versions_select
on content.page_versions
for select
to authenticated
using (
    exists (
        select 1
        from content.pages
        where
            pages.id = page_versions.page_id
            and (
                page_versions.published_at is not null
                or pages.business_id = any(array(select private.my_businesses('manage')))
                or pages.business_id is null and (select private.is_platform_staff('admin'))
            )
    )
);

create policy page_texts_select
on content.page_texts
for select
to anon, authenticated
using (
    exists (
        select 1
        from content.page_versions
        where
            page_versions.page_id = page_texts.page_id
            and page_versions.version = page_texts.version
    )
);

-- Whoever reads the sale reads its terms.
create policy sale_terms_select
on content.sale_terms
for select
to authenticated
using (
    exists (
        select 1
        from sales.sales
        where sales.business_id = sale_terms.business_id and sales.id = sale_terms.sale_id
    )
);

grant execute on function
content.is_plain_markdown(text),
content.save_page(content.pages, content.page_texts),
content.publish_page(uuid),
content.take_page_down(uuid)
to anon, authenticated, service_role;
