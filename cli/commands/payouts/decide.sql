-- Decide about a payout as the operator, or in the name of the user who is named.
with acting as materialized (
    select set_config('request.jwt.claims', %(claims)s, true) as claims
)

select
    money.decide_payout(
        %(payout_id)s::uuid,
        %(decision)s::money.payout_decision,
        private.to_text(%(reason)s, 'reason', 1000)
    ) as id
from acting
where acting.claims is not null
