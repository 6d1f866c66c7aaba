-- One wholesale account with its buyers, its papers and what was decided about it.
select
    wholesale_accounts.id,
    wholesale_accounts.status,
    wholesale_accounts.reason,
    businesses.slug as business,
    wholesale_accounts.company_name,
    wholesale_accounts.country,
    wholesale_accounts.tax_number,
    wholesale_accounts.message,
    customer_groups.name as customer_group,
    wholesale_accounts.currency,
    wholesale_accounts.net_days,
    wholesale_accounts.credit_limit_minor,
    commerce.unpaid_minor(wholesale_accounts.id) as unpaid_minor,
    wholesale_accounts.minimum_minor,
    wholesale_accounts.minimum_quantity,
    wholesale_accounts.requested_at,
    wholesale_accounts.decided_at,
    (
        select
            jsonb_agg(
                jsonb_build_object(
                    'email', wholesale_buyers.email,
                    'role', wholesale_buyers.role,
                    'order_limit_minor', wholesale_buyers.order_limit_minor,
                    'joined_at', wholesale_buyers.joined_at
                )
                order by wholesale_buyers.invited_at, wholesale_buyers.email
            )
        from commerce.wholesale_buyers
        where
            wholesale_buyers.business_id = wholesale_accounts.business_id
            and wholesale_buyers.wholesale_account_id = wholesale_accounts.id
    ) as buyers,
    (
        select
            jsonb_agg(
                jsonb_build_object(
                    'kind', wholesale_documents.kind,
                    'name', media.file_name,
                    'media_id', media.id,
                    'created_at', wholesale_documents.created_at
                )
                order by wholesale_documents.created_at, media.id
            )
        from commerce.wholesale_documents
        inner join files.media on media.id = wholesale_documents.media_id
        where wholesale_documents.wholesale_account_id = wholesale_accounts.id
    ) as documents,
    (
        select
            jsonb_agg(
                jsonb_build_object(
                    'at', wholesale_history.at,
                    'status', wholesale_history.status,
                    'by', users.email,
                    'reason', wholesale_history.reason
                )
                order by wholesale_history.id
            )
        from commerce.wholesale_history
        left join auth.users on users.id = wholesale_history.actor_id
        where
            wholesale_history.business_id = wholesale_accounts.business_id
            and wholesale_history.wholesale_account_id = wholesale_accounts.id
    ) as history
from commerce.wholesale_accounts
inner join business.businesses on businesses.id = wholesale_accounts.business_id
left join customers.customer_groups
    on
        customer_groups.business_id = wholesale_accounts.business_id
        and customer_groups.id = wholesale_accounts.customer_group_id
where wholesale_accounts.id = private.to_identifier(%(id)s, 'ID')
