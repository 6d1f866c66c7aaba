-- One payment with its parts, refunds, disputes, events and findings.
select
    payments.id,
    payments.status,
    payments.provider,
    payments.provider_reference,
    users.email as payer,
    payments.currency,
    payments.amount_minor,
    payments.capture,
    payments.captured_minor,
    payments.refunded_minor,
    payments.failure,
    payments.created_at,
    payments.updated_at,
    (
        select json_agg(
            json_build_object(
                'business', businesses.slug,
                'sale_id', payment_parts.sale_id,
                'amount_minor', payment_parts.amount_minor,
                'captured_minor', payment_parts.captured_minor,
                'refunded_minor', payment_parts.refunded_minor
            ) order by businesses.slug, payment_parts.sale_id
        )
        from money.payment_parts
        inner join business.businesses on businesses.id = payment_parts.business_id
        where payment_parts.payment_id = payments.id
    ) as parts,
    (
        select json_agg(to_jsonb(refunds) - 'provider_reference' order by refunds.created_at)
        from money.refunds
        where refunds.payment_id = payments.id
    ) as refunds,
    (
        select json_agg(
            to_jsonb(disputes) || jsonb_build_object('business', businesses.slug)
            order by disputes.opened_at
        )
        from money.disputes
        inner join business.businesses on businesses.id = disputes.business_id
        where disputes.payment_id = payments.id
    ) as disputes,
    (
        select json_agg(
            json_build_object(
                'kind', provider_events.kind,
                'event_id', provider_events.event_id,
                'state', provider_events.state,
                'attempts', provider_events.attempts,
                'received_at', provider_events.received_at
            ) order by provider_events.received_at
        )
        from money.provider_events
        where
            provider_events.provider = payments.provider
            and payments.provider_reference in (
                provider_events.object_reference, provider_events.payment_reference
            )
    ) as events,
    (
        select json_agg(to_jsonb(payment_findings) order by payment_findings.found_at)
        from money.payment_findings
        where payment_findings.payment_id = payments.id
    ) as findings
from money.payments
left join auth.users on users.id = payments.payer_id
where payments.id::text = %(payment)s or payments.provider_reference = %(payment)s
limit 1
