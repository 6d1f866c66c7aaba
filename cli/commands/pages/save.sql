select public.save_page(
    slug => %(slug)s,
    locale => %(locale)s,
    title => %(title)s,
    body => %(body)s,
    business_id => case
        when %(business)s::text is not null then coalesce(
            (select businesses.id::text from business.businesses where businesses.slug = %(business)s),
            %(business)s
        )
    end,
    is_listed => %(is_listed)s::boolean::text,
    is_terms => %(is_terms)s::boolean::text
)
