select requests.id
from public.erase_person(user_id => %(user_id)s, email => %(email)s) as requests
