select
    banners.id,
    businesses.slug as business,
    banners.place,
    banners.locale,
    banners.priority,
    banners.title,
    banners.starts_at,
    banners.ends_at,
    banners.starts_at <= private.now()
    and (banners.ends_at is null or banners.ends_at > private.now()) as is_live
from content.banners
left join business.businesses on businesses.id = banners.business_id
where
    not %(live)s
    or banners.starts_at <= private.now()
    and (banners.ends_at is null or banners.ends_at > private.now())
order by banners.place, banners.priority desc, banners.starts_at
