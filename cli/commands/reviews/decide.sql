-- Decide about a review as the operator, or in the name of the user who is named.
with acting as materialized (
    select set_config('request.jwt.claims', %(claims)s, true) as claims
)

select
    reviews.decide(
        %(review_id)s::uuid,
        %(decision)s::reviews.review_status,
        private.to_text(%(reason)s, 'reason', 1000)
    ) as id
from acting
where acting.claims is not null
