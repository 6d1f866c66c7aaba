-- Decide about a wholesale account as the operator, or in the name of the user who is named.
with acting as materialized (
    select set_config('request.jwt.claims', %(claims)s, true) as claims
)

select
    commerce.decide_wholesale(
        wholesale_accounts.id,
        %(decision)s::commerce.wholesale_status,
        private.to_text(%(reason)s, 'reason', 1000)
    )
from acting
cross join commerce.wholesale_accounts
where acting.claims is not null and wholesale_accounts.id = %(id)s::uuid
