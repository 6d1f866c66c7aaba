"""The renewal loop of django-plans over accounts that are due, as a site would run it.

`renew.py ACCOUNTS` fills a database of its own (PGHOST, PGDATABASE, …) and prints how many it
renewed a second: the claim of each account, its order with tax, and the proforma invoice. It queues
no charge.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
from decimal import Decimal

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sites",
        "ordered_model",
        "sequences",
        "plans",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "PASSWORD": os.environ["PGPASSWORD"],
            "NAME": os.environ["PGDATABASE"],
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    SECRET_KEY="bench",
    SITE_ID=1,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
    PLANS_CURRENCY="EUR",
    PLANS_DEFAULT_COUNTRY="DE",
    PLANS_TAX=Decimal("19"),
    PLANS_TAX_COUNTRY="DE",
    PLANS_TAXATION_POLICY="taxes.OneRate",
    PLANS_AUTORENEW_SCHEDULE=[datetime.timedelta(days=1)],
    PLANS_INVOICE_ISSUER={
        "issuer_name": "Bench",
        "issuer_street": "Way 1",
        "issuer_zipcode": "10115",
        "issuer_city": "Berlin",
        "issuer_country": "DE",
        "issuer_tax_number": "DE136695976",
    },
    # Mails are not compared: an invoice is written and not sent.
    PLANS_EMAILS=False,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from plans import invoicing, signals, tasks  # noqa: E402
from plans.models import (  # noqa: E402
    BillingInfo,
    Order,
    Plan,
    PlanPricing,
    Pricing,
    RecurringUserPlan,
    UserPlan,
)

invoicing.send_invoice_email = lambda invoice_id: None


def fill(count: int) -> None:
    """Write so many accounts on one plan that ends today."""
    call_command("migrate", verbosity=0)
    plan = Plan.objects.create(name="Gold", available=True, visible=True)
    pricing = Pricing.objects.create(name="Month", period=30)
    PlanPricing.objects.create(plan=plan, pricing=pricing, price=Decimal(30))
    users = User.objects.bulk_create(
        User(username=f"member{n}", email=f"member{n}@example.com") for n in range(count)
    )
    BillingInfo.objects.bulk_create(
        BillingInfo(
            user=user, name="Member", street="Way 1", zipcode="10115", city="Berlin", country="DE"
        )
        for user in users
    )
    today = datetime.date.today()
    UserPlan.objects.bulk_create(
        UserPlan(user=user, plan=plan, expire=today, active=True) for user in users
    )
    RecurringUserPlan.objects.bulk_create(
        RecurringUserPlan(
            user_plan=user_plan,
            pricing=pricing,
            amount=Decimal(30),
            tax=Decimal(19),
            currency="EUR",
            payment_provider="bench",
            token="token",
            token_verified=True,
            renewal_triggered_by=RecurringUserPlan.RENEWAL_TRIGGERED_BY.TASK,
        )
        for user_plan in UserPlan.objects.all()
    )


def charge(sender: object, user: User, **_: object) -> None:
    """What a payment provider's package does before it asks the provider: an order."""
    user.userplan.recurring.create_renew_order()


if __name__ == "__main__":
    accounts = int(sys.argv[1])
    fill(accounts)
    signals.account_automatic_renewal.connect(charge)
    began = time.perf_counter()
    renewed = tasks.autorenew_account()
    taken = time.perf_counter() - began
    assert len(renewed) == accounts == Order.objects.count(), len(renewed)
    print(accounts / taken)
