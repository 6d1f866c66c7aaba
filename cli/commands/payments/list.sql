-- Payments by what is asked for, the latest first.
select
    payments.id,
    payments.status,
    payments.provider,
    payments.currency,
    payments.amount_minor,
    payments.captured_minor,
    payments.refunded_minor,
    payments.created_at,
    users.email as payer,
    (
        select string_agg(distinct businesses.slug, ', ')
        from money.payment_parts
        inner join business.businesses on businesses.id = payment_parts.business_id
        where payment_parts.payment_id = payments.id
    ) as businesses
from money.payments
left join auth.users on users.id = payments.payer_id
where
    (%(status)s::text is null or payments.status::text = %(status)s)
    and (%(provider)s::text is null or payments.provider = %(provider)s)
    and (
        %(business_id)s::uuid is null
        or exists (
            select 1
            from money.payment_parts
            where
                payment_parts.business_id = %(business_id)s
                and payment_parts.payment_id = payments.id
        )
    )
order by payments.created_at desc, payments.id
limit %(limit)s
