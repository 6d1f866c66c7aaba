insert into content.banners (place, locale, priority, title, body, link_url, starts_at, ends_at)
values (
    %(place)s::content.banner_place, %(locale)s, %(priority)s, %(title)s, %(body)s, %(link)s,
    coalesce(
        private.to_instant(%(starts_at)s, 'starts_at', is_required => false), private.now()
    ),
    private.to_instant(%(ends_at)s, 'ends_at', is_required => false)
)
returning id
