select
    requests.id,
    requests.kind,
    requests.state,
    coalesce(users.email, requests.email, requests.user_id::text, requests.customer_id::text)
        as about,
    businesses.slug as business,
    requests.created_at,
    requests.due_at,
    requests.finished_at,
    requests.expires_at
from privacy.requests
left join auth.users on users.id = requests.user_id
left join business.businesses on businesses.id = requests.business_id
order by requests.created_at desc
limit %(limit)s
