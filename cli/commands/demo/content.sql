-- Pages of the platform in two languages, terms among them; banners; three featured businesses; and
-- what is trending. Everything goes through the functions that admins call.
do $$
declare
    v_text record;
begin
    for v_text in
        select *
        from (
            values
            ('terms', 'en', 'Terms of service', 'You book with the business. It provides the service.', true),
            ('terms', 'de', 'Nutzungsbedingungen', 'Du buchst beim Betrieb. Er erbringt die Leistung.', true),
            ('privacy', 'en', 'Privacy', 'We keep what a booking needs. Ask for it, or for its erasure, in your account.', true),
            ('privacy', 'de', 'Datenschutz', 'Wir speichern, was eine Buchung braucht. Auskunft und Löschung gibt es im Konto.', true),
            ('about', 'en', 'About us', 'A marketplace of appointments.', false),
            ('about', 'de', 'Über uns', 'Ein Marktplatz für Termine.', false)
        ) as texts (slug, locale, title, body, is_terms)
    loop
        perform public.save_page(
            v_text.slug, v_text.locale, v_text.title, v_text.body,
            is_listed => 'true', is_terms => v_text.is_terms::text
        );
    end loop;
    perform content.publish_page(pages.id)
    from content.pages
    where pages.business_id is null and pages.slug in ('terms', 'privacy', 'about');
end;
$$;

insert into content.banners (place, locale, priority, title, body, link_url, starts_at, ends_at)
select
    'home', texts.locale, texts.priority, texts.title, texts.body, texts.link_url, monday,
    monday + make_interval(days => texts.days)
from demo_size
cross join (
    values
    ('en', 10, 'New in town', 'Three salons opened this month.', '/search?vertical=salon', 28),
    ('de', 10, 'Neu in der Stadt', 'Drei Salons haben eröffnet.', '/search?vertical=salon', 28),
    (null, 5, 'Gift cards', 'For everybody who has everything.', '/gift-cards', 365)
) as texts (locale, priority, title, body, link_url, days);

insert into content.featured_businesses (business_id, position, starts_at, ends_at)
select
    businesses.id,
    row_number() over (order by businesses.slug),
    monday,
    monday + interval '28 days'
from demo_size
cross join lateral (
    select demo_businesses.id, businesses.slug
    from demo_businesses
    inner join business.businesses on businesses.id = demo_businesses.id
    where businesses.status = 'approved' and businesses.is_active
    order by businesses.slug
    limit 3
) as businesses;

select content.count_trending();
