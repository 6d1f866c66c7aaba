select users.id
from auth.users
where lower(users.email) = lower(%(email)s)
