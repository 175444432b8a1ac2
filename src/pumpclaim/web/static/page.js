/* What a page does beyond htmx. Nothing is loaded from elsewhere, nothing is evaluated from text. */
"use strict";
