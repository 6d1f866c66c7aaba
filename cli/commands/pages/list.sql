select
    pages.slug,
    businesses.slug as business,
    max(versions.version) filter (where versions.published_at is not null) as version,
    max(versions.version) filter (where versions.published_at is null) as draft,
    (
        select string_agg(distinct texts.locale, ', ')
        from content.page_texts as texts
        where texts.page_id = pages.id
    ) as locales,
    max(versions.published_at) as published_at,
    pages.is_terms,
    pages.is_active as is_shown
from content.pages
left join business.businesses on businesses.id = pages.business_id
left join content.page_versions as versions on versions.page_id = pages.id
where %(business)s::text is null or businesses.slug = %(business)s
group by pages.id, businesses.slug
order by businesses.slug nulls first, pages.position, pages.slug
