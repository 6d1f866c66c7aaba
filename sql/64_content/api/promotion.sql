-- Banners, what is featured and trending, and the front page in one call.

create view public.banners
with (security_invoker = true)
as
select
    banners.id,
    banners.business_id,
    banners.place,
    banners.locale,
    banners.priority,
    banners.title,
    banners.body,
    banners.image_url,
    banners.link_url,
    banners.starts_at,
    banners.ends_at,
    banners.created_at
from content.banners;
grant select on public.banners to anon;
grant select, insert, update, delete on public.banners to authenticated, service_role;

comment on view public.banners is
'Banners. Everybody reads those that are live; admins of the platform write all, owners and '
'managers those of their business.';
comment on column public.banners.id is 'Key.';
comment on column public.banners.business_id is 'Whose banner it is; null for the platform.';
comment on column public.banners.place is
'home, search or checkout for the platform; business, which is its own page, for a business.';
comment on column public.banners.locale is 'The language of its readers; null: everybody.';
comment on column public.banners.priority is 'The highest comes first.';
comment on column public.banners.title is 'At most 200 characters.';
comment on column public.banners.body is 'Markdown without HTML, at most 2000 characters.';
comment on column public.banners.image_url is
'Address of a picture: https:// or a path. An uploaded picture (create_upload for banner:ID, kind '
'picture) writes its path here once it is ready; another address lets go of it.';
comment on column public.banners.link_url is 'Where it leads: https:// or a path.';
comment on column public.banners.starts_at is 'When it goes live.';
comment on column public.banners.ends_at is 'When it ends; null: not by itself.';
comment on column public.banners.created_at is 'When it was created.';

create view public.featured_businesses
with (security_invoker = true)
as
select
    featured_businesses.id,
    featured_businesses.business_id,
    featured_businesses.position,
    featured_businesses.starts_at,
    featured_businesses.ends_at
from content.featured_businesses;
grant select on public.featured_businesses to anon;
grant select, insert, update, delete on public.featured_businesses to authenticated, service_role;

comment on view public.featured_businesses is
'Which businesses are featured, and how long. Everybody reads those of now; admins of the platform '
'write them.';
comment on column public.featured_businesses.id is 'Key.';
comment on column public.featured_businesses.business_id is 'The business.';
comment on column public.featured_businesses.position is 'The lowest comes first.';
comment on column public.featured_businesses.starts_at is 'From when.';
comment on column public.featured_businesses.ends_at is 'Until when.';

create view public.trending_categories
with (security_invoker = true)
as
select
    trending_categories.vertical_id,
    trending_categories.name,
    trending_categories.rank,
    trending_categories.booking_count,
    trending_categories.business_count,
    trending_categories.from_at,
    trending_categories.to_at
from content.trending_categories;
grant select on public.trending_categories to anon, authenticated, service_role;

comment on view public.trending_categories is
'The categories of services that were booked most, over all businesses open to the public. '
'Counted every hour: the bookings made in the last content.settings.trending_days days (14) that '
'were not called off.';
comment on column public.trending_categories.vertical_id is 'Line of business.';
comment on column public.trending_categories.name is
'Name of the category; businesses share it whatever its case.';
comment on column public.trending_categories.rank is '1 is booked most.';
comment on column public.trending_categories.booking_count is 'Bookings made in the window.';
comment on column public.trending_categories.business_count is 'Businesses that got them.';
comment on column public.trending_categories.from_at is 'Beginning of the window.';
comment on column public.trending_categories.to_at is 'End of the window: when it was counted.';

/*
 * Return the banners of a place that are live, as the caller may read them.
 * plpgsql, like its siblings: its plan is kept for the session.
 */
create function content.live_banners(place content.banner_place, wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                to_jsonb(banners) - 'created_at' - 'business_id'
                order by banners.priority desc, banners.starts_at desc, banners.id
            ),
            '[]'
        )
        from public.banners
        where
            banners.place = live_banners.place
            and banners.business_id is null
            and banners.starts_at <= private.now()
            and (banners.ends_at is null or banners.ends_at > private.now())
            and (
                banners.locale is null
                or split_part(lower(banners.locale), '-', 1) = split_part(wanted[1], '-', 1)
            )
    );
end;
$$;

/*
 * Return the businesses that are featured now, as the caller may read them.
 */
create function content.featured_now()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'business_id', businesses.id,
                    'slug', businesses.slug,
                    'name', businesses.name,
                    'vertical_id', businesses.vertical_id,
                    'city', businesses.city,
                    'country', businesses.country,
                    'ends_at', featured_businesses.ends_at,
                    'rating_count', coalesce(ratings.rating_count, 0),
                    'rating_average', ratings.average
                )
                order by featured_businesses.position, businesses.name
            ),
            '[]'
        )
        from content.featured_businesses
        inner join business.businesses on businesses.id = featured_businesses.business_id
        left join public.rating_summaries as ratings
            on
                ratings.business_id = businesses.id
                and ratings.subject_id = businesses.id
                and ratings.aspect is null
        where
            featured_businesses.ends_at > private.now()
            and featured_businesses.starts_at <= private.now()
            and businesses.status = 'approved'
            and businesses.is_active
    );
end;
$$;

/*
 * Return the pages of the platform that are listed, each in the language that suits best.
 */
create function content.listed_pages(wanted text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'slug', listed.slug,
                    'title', listed.title,
                    'locale', listed.locale,
                    'version', listed.version
                )
                order by listed.position, listed.slug
            ),
            '[]'
        )
        from (
            select distinct on (pages.id)
                pages.slug, pages.title, pages.locale, pages.version, pages.position
            from public.pages
            where pages.business_id is null and pages.is_listed
            order by pages.id, private.locale_rank(wanted, pages.locale), pages.locale
        ) as listed
    );
end;
$$;

/*
 * Errors:  PT400 invalid_input
 */
create function public.home(locale text default null)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
begin
    return jsonb_build_object(
        'locale', v_wanted[1],
        'banners', content.live_banners('home', v_wanted),
        'featured_businesses', content.featured_now(),
        'trending_categories', (
            select coalesce(
                jsonb_agg(to_jsonb(trending_categories) order by trending_categories.rank), '[]'
            )
            from public.trending_categories
        ),
        'pages', content.listed_pages(v_wanted)
    );
end;
$$;
comment on function public.home is
'Return the front page in one call: {locale, banners, featured_businesses, trending_categories, '
'pages}.

Banners of the place home that are live and in the reader''s language, the highest priority first; '
'the businesses that are featured now, with their ratings; the categories of trending_categories; '
'and the listed pages of the platform as {slug, title, locale, version}.

- locale: the language; without it, the request''s Accept-Language, then English.

Errors: invalid_input 400.';

grant execute on function
content.live_banners(content.banner_place, text[]),
content.featured_now(),
content.listed_pages(text[]),
public.home(text)
to anon, authenticated, service_role;
